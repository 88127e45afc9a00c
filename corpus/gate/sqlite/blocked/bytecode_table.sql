select * from bytecode('select * from customers')
