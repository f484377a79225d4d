"""The function of the module ``two-factor-ask``, as ``wit/ASK.md`` has it, by wasmtime's C API.

The classes of wasmtime's package look up exports and types anew with each call, which takes longer than the call itself.
"""

from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any

from wasmtime import Func, Global, Linker, Memory, Module, Trap, WasmtimeError
from wasmtime import _bindings as c

if TYPE_CHECKING:
    from wasmtime import Engine, Store

#: Length of the area in bytes.
AREA = 256 * 1024

_EXPORTS = {"memory": Memory, "area": Global, "ask": Func}


class Ask:
    """The function. Every call has an instance of its own, in a store of its own."""

    def __init__(self, wasmtime: Engine, module: Module, store: Store) -> None:
        """Raise ``WasmtimeError`` for a module that has not the form of ``wit/ASK.md``.

        store: for an instance that tells where things are.
        """
        linker = Linker(wasmtime)
        # Randomness is wasmtime's own. A function in Python would take longer, and let exceptions through WebAssembly.
        linker.define_wasi()
        self._instances = linker.instantiate_pre(module)
        exports = self._instances.instantiate(store).exports(store)
        at = {name: index for index, name in enumerate(exports)}
        found = {name: exports.get(name) for name in _EXPORTS}
        if any(not isinstance(found[name], kind) for name, kind in _EXPORTS.items()):
            raise WasmtimeError("it has not the exports `memory`, `area` and `ask`")
        memory: Any = found["memory"]
        area: Any = found["area"]
        self._area = int(area.value(store))
        if not 0 <= self._area <= memory.data_len(store) - AREA:
            raise WasmtimeError("its area is not in its memory")
        self._memory, self._function = at["memory"], at["ask"]

    def __call__(self, store: Store, settings: bytes, question: bytes, now: int) -> bytes:
        """Return the answer. Settings and question are no longer than the area, and plain in this frame."""
        context: Any = store._context()  # noqa: SLF001
        instance: Any = self._instances.instantiate(store)._instance  # noqa: SLF001
        memory = _export(context, instance, self._memory).memory
        to = self._address(context, memory)
        ctypes.memmove(to, settings, len(settings))
        ctypes.memmove(to + len(settings), question, len(question))
        values = (c.wasmtime_val_raw_t * 3)()
        for value, argument in zip(values, (len(settings), len(question), now), strict=True):
            value.i32 = argument
        function = _export(context, instance, self._function).func
        trap = ctypes.POINTER(c.wasm_trap_t)()
        error = c.wasmtime_func_call_unchecked(context, byref(function), values, len(values), byref(trap))
        if error:
            raise WasmtimeError._from_ptr(error)  # noqa: SLF001
        if trap:
            raise Trap._from_ptr(trap)  # noqa: SLF001
        length: int = values[0].i32
        if not 0 <= length <= AREA:
            raise WasmtimeError("the answer is longer than the area")
        # A memory that grew may have moved.
        return ctypes.string_at(self._address(context, memory), length)

    def _address(self, context: Any, memory: Any) -> int:
        return ctypes.addressof(c.wasmtime_memory_data(context, byref(memory)).contents) + self._area


def _export(context: Any, instance: Any, index: int) -> Any:
    item, name, length = c.wasmtime_extern_t(), ctypes.POINTER(ctypes.c_char)(), ctypes.c_size_t(0)
    c.wasmtime_instance_export_nth(context, byref(instance), index, byref(name), byref(length), byref(item))
    return item.of
