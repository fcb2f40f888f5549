"""Text and files that people write, read into the records of `model`, and written back.

`steps` reads steps and filters, `times` windows and periods, `files` funnel files, `assertions`
what `--assert` says; `text` turns records into text that reads back as the same record.
"""
