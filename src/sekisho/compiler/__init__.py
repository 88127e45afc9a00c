"""The compiler: a policy and a data map become rules, and rules become SQL."""
