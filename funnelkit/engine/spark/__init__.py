"""The same answers from many machines: Spark moves the rows, everything else is what runs on one.

Tasks read the files with the SELECT that a single machine runs (`reading`), Spark brings the rows
of a unit together and sorts them by time, the kernel answers (`matching`), and what it found is
counted, merged and made into series where it is (`finishing`). The driver composes the question and
puts finished series together (`answers`).
"""
