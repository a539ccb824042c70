"""Vectors as values inside numba functions: load, compute with operators, store.

A numba function works on scalars and leaves it to the compiler to guess what could run side by side. Here it
is said: `load(p, i)` gives `WIDTH` float32 at once, `+ - * /` work on all of them in one instruction, and
`store(p, i, v)` writes them back. This is a whole kernel:

    whole = n - n % WIDTH
    for i in range(0, whole, WIDTH):
        store(out, i, load(samples, i) * gain)    # a scalar is spread over all lanes by itself
    for i in range(whole, n):
        out[i] = samples[i] * gain

`p` is a pointer, as the C interface passes it; `i` counts elements. float32, int32 and uint32 come in
`WIDTH` lanes, uint64 in four. Comparisons give a mask for `where(mask, a, b)`. Multiply-adds may fuse;
nothing else is rearranged, so NaN and infinity go through as IEEE 754 says.

How it works: `Lanes` is a numba type whose form in LLVM is `<W x float>` (`_LanesModel`); each operation is a
function that emits one or two LLVM instructions (`numba.extending.intrinsic`; operators are typed and lowered
at the end of the file). To add one, copy its neighbour: name the types, emit the instruction.
"""

from __future__ import annotations

import os

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model


def _host_width() -> int:
    """float32 lanes that suit this CPU: one register of AVX-512, one of AVX2, two of NEON, one of SSE."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512vl"):
        return 16
    return 8 if features.get("avx2") or features.get("neon") else 4


WIDTH = int(os.environ.get("EDGE_LANES") or _host_width())
"""float32 lanes of a vector: a property of the target, fixed when the kernels are compiled."""

COUNTS = {types.float32: WIDTH, types.int32: WIDTH, types.uint32: WIDTH, types.uint64: 4}
"""Lanes of a vector by its element."""

_LLVM = {
    types.float32: ir.FloatType(),
    types.int32: ir.IntType(32),
    types.uint32: ir.IntType(32),
    types.uint64: ir.IntType(64),
    types.boolean: ir.IntType(1),
}
_INDEX = ir.IntType(32)


class Lanes(types.Type):
    """`count` values of one element type that are computed side by side."""

    def __init__(self, element: types.Type, count: int) -> None:
        self.element, self.count = element, count
        super().__init__(name=f"Lanes({element}, {count})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes):
        super().__init__(manager, lanes, ir.VectorType(_LLVM[lanes.element], lanes.count))


Floats = Lanes(types.float32, COUNTS[types.float32])
Ints = Lanes(types.int32, COUNTS[types.int32])
Words = Lanes(types.uint64, COUNTS[types.uint64])


def _lanes_of(element: types.Type) -> Lanes | None:
    return Lanes(element, COUNTS[element]) if element in COUNTS else None


def _vector(lanes: Lanes) -> ir.VectorType:
    return ir.VectorType(_LLVM[lanes.element], lanes.count)


def spread_value(builder, scalar, lanes):
    """One scalar in every lane."""
    nothing = ir.Constant(_vector(lanes), ir.Undefined)
    first = builder.insert_element(nothing, scalar, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, lanes.count), None))


def _at(builder, pointer, index, form):
    """The address of element `index`, as a pointer to `form`."""
    return builder.bitcast(builder.gep(pointer, [index]), form.as_pointer())


def _load(builder, pointer, index, lanes):
    loaded = builder.load(_at(builder, pointer, index, _vector(lanes)))
    loaded.align = lanes.element.bitwidth // 8  # no more than the elements' own alignment is asked for
    return loaded


def _store(builder, pointer, index, value, lanes):
    stored = builder.store(value, _at(builder, pointer, index, _vector(lanes)))
    stored.align = lanes.element.bitwidth // 8


# ---- memory


@intrinsic
def load(typing, pointer, index):
    """Consecutive elements from `pointer[index]` on."""
    lanes = _lanes_of(pointer.dtype)

    def emit(context, builder, signature, arguments):
        return _load(builder, *arguments, lanes)

    return lanes(pointer, types.intp), emit


@intrinsic
def bytes_as_ints(typing, pointer, index):
    """`WIDTH` consecutive uint8 from `pointer[index]` on, as int32."""

    def emit(context, builder, signature, arguments):
        narrow = ir.VectorType(ir.IntType(8), Ints.count)
        return builder.zext(builder.load(_at(builder, *arguments, narrow), align=1), _vector(Ints))

    return Ints(pointer, types.intp), emit


@intrinsic
def store(typing, pointer, index, value):
    """Write the lanes of `value` to `pointer[index]` and on."""

    def emit(context, builder, signature, arguments):
        _store(builder, *arguments, value)
        return context.get_dummy_value()

    return types.void(pointer, types.intp, value), emit


@intrinsic
def after(typing, pointer, count):
    """The pointer `count` elements on, as `pointer + count` in C."""

    def emit(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, types.intp), emit


def _seen_as(element: types.Type):
    @intrinsic
    def cast(typing, pointer):
        """The same memory, its words read as another type of the same size."""

        def emit(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], context.get_value_type(types.CPointer(element)))

        return types.CPointer(element)(pointer), emit

    return cast


as_ints = _seen_as(types.int32)
as_floats = _seen_as(types.float32)


@intrinsic
def missing(typing, *pointers):
    """Whether any of the pointers is null."""

    def emit(context, builder, signature, arguments):
        found = cgutils.false_bit
        for index in range(len(pointers)):
            pointer = builder.extract_value(arguments[0], index)
            found = builder.or_(found, cgutils.is_null(builder, pointer))
        return found

    return types.boolean(types.StarArgTuple(pointers)), emit


@intrinsic
def transpose(typing, source, source_stride, out, out_stride):
    """`out[j * out_stride + i] = source[i * source_stride + j]` for a square block of WIDTH by WIDTH floats.

    log2(WIDTH) rounds of interleaving row i with row i + WIDTH/2; no element travels through memory alone.
    """

    def emit(context, builder, signature, arguments):
        source, source_stride, out, out_stride = arguments
        count = Floats.count

        def offset(stride, row):
            return builder.mul(stride, ir.Constant(ir.IntType(64), row))

        def picks(first):
            lanes = [lane for k in range(first, first + count // 2) for lane in (k, k + count)]
            return ir.Constant(ir.VectorType(_INDEX, count), lanes)

        rows = [_load(builder, source, offset(source_stride, row), Floats) for row in range(count)]
        for _ in range(count.bit_length() - 1):
            pairs = [(rows[row], rows[row + count // 2]) for row in range(count // 2)]
            rows = [builder.shuffle_vector(*pair, picks(half)) for pair in pairs for half in (0, count // 2)]
        for row, value in enumerate(rows):
            _store(builder, out, offset(out_stride, row), value, Floats)
        return context.get_dummy_value()

    pointer = types.CPointer(types.float32)
    return types.void(pointer, types.intp, pointer, types.intp), emit


# ---- values


@intrinsic
def ramp(typing):
    """0, 1, 2 ... as floats, one to a lane."""
    numbers = [float(lane) for lane in range(Floats.count)]
    return Floats(), lambda context, builder, signature, arguments: ir.Constant(_vector(Floats), numbers)


@intrinsic
def spread(typing, scalar):
    """One scalar in every lane."""
    lanes = _lanes_of(scalar)
    return lanes(scalar), lambda context, builder, signature, arguments: spread_value(
        builder, arguments[0], lanes
    )


@intrinsic
def pack(typing, a, b, c, d):
    """Four uint64 side by side."""

    def emit(context, builder, signature, arguments):
        packed = ir.Constant(_vector(Words), ir.Undefined)
        for lane, value in enumerate(arguments):
            packed = builder.insert_element(packed, value, ir.Constant(_INDEX, lane))
        return packed

    return Words(*[types.uint64] * 4), emit


@intrinsic
def lane(typing, lanes, index):
    """One lane as a scalar; `index` is smaller than the number of lanes."""

    def emit(context, builder, signature, arguments):
        return builder.extract_element(arguments[0], builder.trunc(arguments[1], _INDEX))

    return lanes.element(lanes, types.intp), emit


@intrinsic
def where(typing, mask, yes, no):
    """Lane by lane `yes` where `mask` holds, else `no`."""

    def emit(context, builder, signature, arguments):
        return builder.select(*arguments)

    return yes(mask, yes, yes), emit


def _converted(instruction: str, source: Lanes, result: Lanes, what: str):
    def convert(typing, value):
        def emit(context, builder, signature, arguments):
            return getattr(builder, instruction)(arguments[0], _vector(result))

        return result(source), emit

    convert.__doc__ = what
    return intrinsic(convert)


bits = _converted("bitcast", Floats, Ints, "The bits of floats as integers.")
from_bits = _converted("bitcast", Ints, Floats, "Floats from their bits.")
to_floats = _converted("sitofp", Ints, Floats, "Integers as floats.")
to_ints = _converted("fptosi", Floats, Ints, "Floats cut to integers; each fits in 31 bits.")


def _llvm_function(name: str, form: Lanes | types.Type, what: str):
    def function(typing, value):
        def emit(context, builder, signature, arguments):
            value_type = context.get_value_type(form)
            declared = ir.FunctionType(value_type, [value_type])
            return builder.call(cgutils.get_or_insert_function(builder.module, declared, name), arguments)

        return form(form), emit

    function.__doc__ = what
    return intrinsic(function)


sqrt = _llvm_function(f"llvm.sqrt.v{Floats.count}f32", Floats, "Square roots; NaN below zero.")
sqrt_one = _llvm_function("llvm.sqrt.f64", types.float64, "Square root of one float64 without libm.")
popcount = _llvm_function(f"llvm.ctpop.v{Words.count}i64", Words, "How many bits are set.")
