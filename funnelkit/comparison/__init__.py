"""Two periods or two variants of one funnel, compared honestly.

`sides` checks that two definitions can be compared, `likeness` asks the same question in ways that
are more alike, each of the modules `follow_up`, `attempts`, `self_selection`, `placebo`, `calendar`
and `randomisation` makes one line of "Like with like?", and `verdict` draws the conclusion.
"""
