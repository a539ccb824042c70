"""Sums of products of int16 and int8, two to a lane, and of lanes.

The former are written as extensions, products and the sum of even and odd ones, because that is the pattern
that LLVM knows an instruction for on x86, `pmaddwd`, in a loop of any form; on Arm it becomes `smull` and
additions.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from edge_kernels.native.lanes import WIDTH, Ints

COUNT = 2 * WIDTH
"""Elements of each side that one call takes: a register of int16."""

_INT = ir.IntType(32)
_SUMS = ir.VectorType(_INT, WIDTH)


def _extended(builder, pointer, index, bits):
    """`COUNT` elements from `pointer[index]` on, as int32."""
    form = ir.VectorType(ir.IntType(bits), COUNT)
    loaded = builder.load(builder.bitcast(builder.gep(pointer, [index]), form.as_pointer()), align=bits // 8)
    return builder.sext(loaded, ir.VectorType(_INT, COUNT))


@intrinsic
def pair_products(typing, words, i, small, j):
    """`words[i] * small[j] + words[i + 1] * small[j + 1]` and on, a pair to a lane; of int16 and int8."""

    def emit(context, builder, signature, arguments):
        words, i, small, j = arguments
        products = builder.mul(
            _extended(builder, words, i, 16), _extended(builder, small, j, 8), flags=("nsw",)
        )
        even, odd = (ir.Constant(_SUMS, [*range(first, COUNT, 2)]) for first in (0, 1))
        return builder.add(
            builder.shuffle_vector(products, products, even), builder.shuffle_vector(products, products, odd)
        )

    return Ints(words, types.intp, small, types.intp), emit


@intrinsic
def zeros(typing):
    """0 in every lane."""
    return Ints(), lambda context, builder, signature, arguments: ir.Constant(_SUMS, None)


@intrinsic
def total(typing, lanes):
    """The sum of all lanes; of floats in any order."""
    is_float = isinstance(lanes.element, types.Float)

    def emit(context, builder, signature, arguments):
        vector = arguments[0].type
        if not is_float:
            declared = ir.FunctionType(_INT, [vector])
            name = f"llvm.vector.reduce.add.v{WIDTH}i32"
            return builder.call(cgutils.get_or_insert_function(builder.module, declared, name), arguments)
        declared = ir.FunctionType(ir.FloatType(), [ir.FloatType(), vector])
        name = f"llvm.vector.reduce.fadd.v{WIDTH}f32"
        reduce = cgutils.get_or_insert_function(builder.module, declared, name)
        return builder.call(reduce, [ir.Constant(ir.FloatType(), -0.0), *arguments], fastmath=("reassoc",))

    return lanes.element(lanes), emit
