-- permit: none
-- trust: sizes
-- hole: side-channel
-- How many customers there ever were: whoever may create one may take a number.
-- expect: says t
select pg_sequence_last_value('public.customers_id_seq') >= 20
