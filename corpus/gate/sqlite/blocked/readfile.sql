select readfile('shop.db')
