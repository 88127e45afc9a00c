-- permit: none support
-- Only the service renews the lease and closes the store.
-- expect: 42501
select sekisho.close_store()

-- expect: 42501
select sekisho.overdue('0')

-- expect: 42501
select * from sekisho.collect(1000)

-- expect: 42501
select sekisho.witness_readings('[]')
