-- permit: support
-- A trigger of one's own.
-- expect: refused
create temp trigger t after insert on main.orders begin select 1; end
