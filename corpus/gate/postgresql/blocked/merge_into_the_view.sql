-- permit: support
-- MERGE: over a view it is refused, or later servers leave hidden rows alone; over the table it is refused.
merge into support.customers c using (values (5)) v(id) on c.id = v.id when matched then update set name = 'x'

-- expect: 42501
merge into public.customers c using (values (5)) v(id) on c.id = v.id when matched then delete
