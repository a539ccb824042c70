"""Operators of lanes: with lanes, or with a scalar that is spread over them."""

from __future__ import annotations

import operator

from numba import types
from numba.extending import lower_builtin, type_callable

from edge_kernels.native.lanes import Lanes, spread_value


def _of_both(a, b):
    """The type that both sides come to, or None if these are not ours."""
    if isinstance(a, Lanes):
        return a if a == b or isinstance(b, types.Number) else None
    return b if isinstance(b, Lanes) and isinstance(a, types.Number) else None


def _operator(op, emit_one, *, mask: bool = False) -> None:
    """Make `op` work on lanes; `emit_one(builder, lanes, a, b)` emits the instruction."""

    @type_callable(op)
    def type_op(context):
        def typer(a, b):
            lanes = _of_both(a, b)
            return Lanes(types.boolean, lanes.count) if lanes and mask else lanes

        return typer

    def lower(context, builder, signature, arguments):
        lanes = _of_both(*signature.args)
        sides = [
            value
            if isinstance(kind, Lanes)
            else spread_value(builder, context.cast(builder, value, kind, lanes.element), lanes)
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        return emit_one(builder, lanes, *sides)

    for kinds in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(op, *kinds)(lower)


def _arithmetic(for_floats: str, for_ints: str):
    """A product and a sum stay two roundings: all processors compute the same bits."""

    def emit_one(builder, lanes, a, b):
        if isinstance(lanes.element, types.Float):
            return getattr(builder, for_floats)(a, b)
        return getattr(builder, for_ints)(a, b)

    return emit_one


def _comparison(sign: str):
    def emit_one(builder, lanes, a, b):
        if isinstance(lanes.element, types.Float):
            return builder.fcmp_ordered(sign, a, b)
        return (builder.icmp_signed if lanes.element.signed else builder.icmp_unsigned)(sign, a, b)

    return emit_one


def _shift_right(builder, lanes, a, b):
    return (builder.ashr if lanes.element.signed else builder.lshr)(a, b)


def _integer(instruction: str):
    return lambda builder, lanes, a, b: getattr(builder, instruction)(a, b)


for _op, _names in {
    operator.add: ("fadd", "add"), operator.sub: ("fsub", "sub"), operator.mul: ("fmul", "mul"),
    operator.truediv: ("fdiv", "sdiv"),
}.items():  # fmt: skip
    _operator(_op, _arithmetic(*_names))
for _op, _name in {
    operator.and_: "and_", operator.or_: "or_", operator.xor: "xor", operator.lshift: "shl"
}.items():  # fmt: skip
    _operator(_op, _integer(_name))
_operator(operator.rshift, _shift_right)
for _op, _sign in {operator.lt: "<", operator.gt: ">", operator.eq: "=="}.items():
    _operator(_op, _comparison(_sign), mask=True)


@type_callable(operator.invert)
def _type_invert(context):
    def typer(lanes):
        return lanes if isinstance(lanes, Lanes) else None

    return typer


@lower_builtin(operator.invert, Lanes)
def _lower_invert(context, builder, signature, arguments):
    return builder.not_(arguments[0])
