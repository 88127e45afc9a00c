-- permit: none support
-- A guard outside of its trigger.
-- expect: 42501
select sekisho."guard customers"()
