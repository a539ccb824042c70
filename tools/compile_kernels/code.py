"""From numba to machine code of another CPU.

numba is made to hand over plain IR: no optimisation and nothing of this CPU in it. LLVM, which numba's wheel
carries with back ends for all targets, then optimises and translates it for the target. Runs in a process of
its own because numba reads its settings when it is imported: `python -m tools.compile_kernels.code TARGET
OBJECT`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from tools.compile_kernels.targets import TARGETS, Target

PLAIN = {
    "NUMBA_OPT": "0",
    "NUMBA_LOOP_VECTORIZE": "0",
    "NUMBA_SLP_VECTORIZE": "0",
    "NUMBA_DISABLE_INTEL_SVML": "1",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "PYTHONHASHSEED": "0",
}
"""The environment in which numba hands over plain IR."""

_LLVM_TYPE = {
    "int32_t": "i32",
    "uint32_t": "i32",
    "int64_t": "i64",
    "uint64_t": "i64",
    "float": "float",
    "double": "double",
}


def environment(target: Target) -> dict[str, str]:
    """What `python -m tools.compile_kernels.code` must run in."""
    return os.environ | PLAIN | {"EDGE_LANES": str(target.lanes), "PYTHONPATH": os.pathsep.join(sys.path)}


def object_code(target: Target) -> bytes:
    """The kernels as an object file whose only visible symbols are the functions of the header."""
    import llvmlite.binding as llvm  # noqa: PLC0415

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="small"
    )
    module = llvm.parse_assembly(_header(target, machine))
    names = set()
    for name, ir, wrapper in _functions():
        names.add(f"edge_{name}")
        module.link_in(llvm.parse_assembly(_retargeted(ir, target, machine)))
        module.link_in(llvm.parse_assembly(_header(target, machine) + wrapper))
    module.verify()
    _hide(module, names)
    _optimise(llvm, module, machine)
    code: bytes = machine.emit_object(module)
    return code


def _functions() -> list[tuple[str, str, str]]:
    """Name, IR, and the IR of the C function around it, of every kernel."""
    from edge_kernels.native import ENTRIES, INTERFACE, signature  # noqa: PLC0415
    from numba.core import compiler  # noqa: PLC0415
    from numba.core.registry import cpu_target  # noqa: PLC0415

    flags = compiler.Flags()
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.error_model = "numpy"
    flags.nrt = False
    flags.boundscheck = False
    made = []
    for name, body in ENTRIES.items():
        prototype = INTERFACE.prototypes[name]
        types = signature(prototype)
        result = compiler.compile_extra(
            cpu_target.typing_context,
            cpu_target.target_context,
            body,
            types.args,
            types.return_type,
            flags,
            {},
        )
        wrapper = _wrapper(prototype, result.fndesc.llvm_func_name)
        made.append((name, result.library.get_llvm_str(), wrapper))
    return made


def _wrapper(prototype: Any, inner: str) -> str:
    """`edge_<name>` with the C calling convention; numba's takes places for the result and an exception."""
    kinds = ["ptr" if p.pointer else _LLVM_TYPE[p.type] for p in prototype.parameters]
    given = ", ".join(
        f"{kind}{' noalias' if p.restrict else ''} %{p.name}"
        for kind, p in zip(kinds, prototype.parameters, strict=True)
    )
    passed = "".join(f", {kind} %{p.name}" for kind, p in zip(kinds, prototype.parameters, strict=True))
    declared = "".join(f", {kind}" for kind in kinds)
    result = _LLVM_TYPE[prototype.result]
    return f"""
declare i32 @"{inner}"(ptr, ptr{declared})
define {result} @edge_{prototype.name}({given}) nounwind "no-builtins" {{
  %result = alloca {result}
  %exception = alloca ptr
  store {result} 0, ptr %result
  %status = call i32 @"{inner}"(ptr %result, ptr %exception{passed})
  %value = load {result}, ptr %result
  ret {result} %value
}}
"""


def _header(target: Target, machine: Any) -> str:
    return f'target datalayout = "{machine.target_data}"\ntarget triple = "{target.triple}"\n'


def _retargeted(ir: str, target: Target, machine: Any) -> str:
    """The IR with another target, and told not to make calls of memset and its like out of loops."""
    ir = re.sub(r"^target (datalayout|triple) = .*$", "", ir, flags=re.M)
    ir = re.sub(r'"target-(cpu|features)"="[^"]*"', "", ir)
    ir = re.sub(r"^(define .*) \{$", r'\1 "no-builtins" {', ir, flags=re.M)
    return _header(target, machine) + ir


def _hide(module: Any, names: set[str]) -> None:
    """Make everything but `names` internal, so that it is inlined or dropped."""
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = "external" if function.name in names else "internal"
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = "internal"


def _optimise(llvm: Any, module: Any, machine: Any) -> None:
    for _ in range(2):  # the second round sees the code without numba's status checks
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization = options.slp_vectorization = True
        options.loop_interleaving = options.loop_unrolling = True
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(object_code(TARGETS[sys.argv[1]]))
