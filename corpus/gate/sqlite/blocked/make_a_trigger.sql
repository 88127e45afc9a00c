create temp trigger t after insert on main.orders begin select 1; end
