"""The function of the module ``two-factor-ask``, as ``wit/ASK.md`` has it, by wasmtime's C API.

The classes of wasmtime's package look up exports and types anew with each call, which takes longer than the call itself.
"""

from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any

from wasmtime import Config, Func, Global, Linker, Memory, Module, Trap, WasmtimeError
from wasmtime import _bindings as c

if TYPE_CHECKING:
    from wasmtime import Engine, Store

#: Length of the area in bytes.
AREA = 256 * 1024

#: Maximum memory of one instance in bytes.
MEMORY = 2 * 1024 * 1024

#: Instances that may live at one time.
PLACES = 64

# Bytes of a memory that are set to zero when an instance ends, instead of being given back to the system.
_RESIDENT = 512 * 1024

_EXPORTS = {"memory": Memory, "area": Global, "ask": Func}


def configuration(*, parallel: bool) -> Config:
    """Configure wasmtime: calls can be interrupted, and instances take their memory from a pool, since mapping it anew takes longer.

    parallel: compile on several threads.
    """
    config = Config()
    config.epoch_interruption = True
    config.parallel_compilation = parallel
    pool = c.wasmtime_pooling_allocation_config_new()
    for name, value in (
        ("total_core_instances", PLACES),
        ("total_memories", PLACES),
        ("total_tables", PLACES),
        ("max_memory_size", MEMORY),
        ("linear_memory_keep_resident", _RESIDENT),
        ("table_keep_resident", 16 * 1024),
    ):
        getattr(c, f"wasmtime_pooling_allocation_config_{name}_set")(pool, value)
    c.wasmtime_pooling_allocation_strategy_set(config.ptr(), pool)
    c.wasmtime_pooling_allocation_config_delete(pool)
    return config


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
        instance, trap = c.wasmtime_instance_t(), ctypes.POINTER(c.wasm_trap_t)()
        _raise(c.wasmtime_instance_pre_instantiate(self._instances.ptr(), context, byref(instance), byref(trap)), trap)
        memory = _export(context, instance, self._memory).memory
        to = self._address(context, memory)
        ctypes.memmove(to, settings, len(settings))
        ctypes.memmove(to + len(settings), question, len(question))
        values = (c.wasmtime_val_raw_t * 3)()
        for value, argument in zip(values, (len(settings), len(question), now), strict=True):
            value.i32 = argument
        function = _export(context, instance, self._function).func
        _raise(c.wasmtime_func_call_unchecked(context, byref(function), values, len(values), byref(trap)), trap)
        length: int = values[0].i32
        if not 0 <= length <= AREA:
            raise WasmtimeError("the answer is longer than the area")
        # A memory that grew may have moved.
        return ctypes.string_at(self._address(context, memory), length)

    def _address(self, context: Any, memory: Any) -> int:
        return ctypes.addressof(c.wasmtime_memory_data(context, byref(memory)).contents) + self._area


def _raise(error: Any, trap: Any) -> None:
    """Raise what went wrong, if something did."""
    if error:
        raise WasmtimeError._from_ptr(error)  # noqa: SLF001
    if trap:
        raise Trap._from_ptr(trap)  # noqa: SLF001


def _export(context: Any, instance: Any, index: int) -> Any:
    item, name, length = c.wasmtime_extern_t(), ctypes.POINTER(ctypes.c_char)(), ctypes.c_size_t(0)
    c.wasmtime_instance_export_nth(context, byref(instance), index, byref(name), byref(length), byref(item))
    return item.of
