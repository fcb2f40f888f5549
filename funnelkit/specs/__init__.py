"""Text and files that people write, read into the records of `model`, and written back.

`steps`, `events`, `days` and `times` read texts, `text` writes them; `readers` knows every key of a
funnel, `combine` makes a funnel of what was said: by options (`define`) or in files (`tables`,
`files`). `assertions` reads what `--assert` says, `amplitude` Amplitude's own definitions.
"""
