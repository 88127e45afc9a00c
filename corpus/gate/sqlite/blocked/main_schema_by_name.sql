select address, birth_date from main.customers
