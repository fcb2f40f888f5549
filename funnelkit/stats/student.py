"""Student's t distribution, through the regularised incomplete beta function."""

from __future__ import annotations

from math import exp, inf, isinf, lgamma, log, log1p

ENOUGH = 1e-15  # of a continued fraction's last factor
TINY = 1e-300  # stands in for a zero denominator (Lentz's method)
MOST_TERMS = 100_000


def two_sided_p_value(t: float, degrees: float) -> float:
    """Return the probability of a value at least as far from 0 as `t`, for `degrees` > 0.

    P(|T| ≥ t) = I_x(v/2, 1/2) with x = v ÷ (v + t²): Abramowitz and Stegun, 26.7.1 and 26.5.27.
    """
    if not degrees > 0:
        raise ValueError(f"degrees of freedom are positive; got {degrees}")
    if isinf(t):
        return 0.0
    if isinf(degrees):
        raise ValueError("degrees of freedom are finite")
    # 1 - x is computed on its own: near t = 0 it would lose every digit.
    square = t * t
    return incomplete_beta(degrees / (degrees + square), square / (degrees + square), degrees / 2)


def incomplete_beta(x: float, complement: float, a: float, b: float = 0.5) -> float:
    """Return the regularised incomplete beta function I_x(a, b); `complement` is 1 - x."""
    if x <= 0:
        return 0.0
    if complement <= 0:
        return 1.0
    log_front = a * _log(x, complement) + b * _log(complement, x)
    log_front -= lgamma(a) + lgamma(b) - lgamma(a + b)
    front = exp(log_front)
    # The fraction converges fast on the near side of the mode only; I_x(a, b) = 1 - I_{1-x}(b, a).
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _continued_fraction(x, a, b) / a)
    return max(0.0, 1 - front * _continued_fraction(complement, b, a) / b)


def _log(value: float, complement: float) -> float:
    return log1p(-complement) if complement < 0.5 else log(value)  # noqa: PLR2004 - the nearer end


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of I_x(a, b) by Lentz's method (NIST DLMF 8.17.22)."""
    c = 1.0
    d = 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        factor = inf
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            factor = c * d
            value *= factor
        if abs(factor - 1) < ENOUGH:
            return value
    raise ArithmeticError(f"no convergence for x={x}, a={a}, b={b}")


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
