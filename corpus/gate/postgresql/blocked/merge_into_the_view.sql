-- permit: support
-- MERGE over a view.
-- expect: 0A000
merge into support.customers c using (values (5)) v(id) on c.id = v.id when matched then update set name = 'x'

-- expect: 42501
merge into public.customers c using (values (5)) v(id) on c.id = v.id when matched then delete
