"""The funnel as one plain SQL statement, values and all, for people to read and run by hand.

It shares nothing with the kernel, so it is also a second opinion: tests run it in each dialect and
compare. `statement` composes it from `sql/plain_*.sql`; `limits` refuses what it cannot say;
`sources` say where the events are; `dialects` how each database reaches a property; `conditions`
write the filters; `dbt` makes a model of it.
"""
