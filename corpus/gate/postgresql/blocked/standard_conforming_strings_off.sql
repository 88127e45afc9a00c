-- permit: support
-- Backslashes that escape: names in the gate are bound, not quoted at run time.
set standard_conforming_strings = off; set backslash_quote = on; set escape_string_warning = off

-- expect: 42501
select sekisho.enter('sk1.\' or true --.x')

-- expect: says 19
select count(*) from support.customers
