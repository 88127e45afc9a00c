-- The permit of another login.
-- on: second as shop_ship
-- expect: says shipping
select sekisho.enter('{{token shipping}}')

-- expect: 42501
select sekisho.enter('{{token shipping}}')
