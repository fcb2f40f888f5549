"""`python -m funnelkit`."""

from funnelkit.cli import main

main()
