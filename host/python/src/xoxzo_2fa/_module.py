"""The function of the module ``two-factor-ask``, as ``wit/ASK.md`` has it, by wasmtime's C API.

The classes of wasmtime's package look up exports and types anew with each call, which takes longer than the call itself.
"""

from __future__ import annotations

import ctypes
from ctypes import addressof, c_int32, c_size_t, c_uint64, c_void_p, memmove, string_at
from typing import TYPE_CHECKING, Any

from wasmtime import Config, Func, Global, Linker, Memory, Module, Store, Trap, WasiConfig, WasmtimeError
from wasmtime import _bindings as c
from wasmtime._ffi import dll

if TYPE_CHECKING:
    from wasmtime import Engine

#: Length of the area in bytes.
AREA = 256 * 1024

#: Maximum memory of one instance in bytes.
MEMORY = 2 * 1024 * 1024

#: Instances that may live at one time.
PLACES = 64

#: Epochs that a call may run. A call takes well under a millisecond.
DEADLINE = 20

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
    """The function, and where its module has what."""

    def __init__(self, wasmtime: Engine, module: Module) -> None:
        """Raise ``WasmtimeError`` for a module that has not the form of ``wit/ASK.md``."""
        self.engine = wasmtime
        linker = Linker(wasmtime)
        # Randomness is wasmtime's own. A function in Python would take longer, and let exceptions through WebAssembly.
        linker.define_wasi()
        self.instances = linker.instantiate_pre(module)
        # An instance that tells where things are.
        store = Store(wasmtime)
        store.set_wasi(WasiConfig())
        store.set_epoch_deadline(DEADLINE)
        try:
            exports = self.instances.instantiate(store).exports(store)
            at = {name: index for index, name in enumerate(exports)}
            found = {name: exports.get(name) for name in _EXPORTS}
            if any(not isinstance(found[name], kind) for name, kind in _EXPORTS.items()):
                raise WasmtimeError("it has not the exports `memory`, `area` and `ask`")
            memory: Any = found["memory"]
            area: Any = found["area"]
            self.area = int(area.value(store))
            if not 0 <= self.area <= memory.data_len(store) - AREA:
                raise WasmtimeError("its area is not in its memory")
        finally:
            store.close()
        self.memory, self.function = at["memory"], at["ask"]


class _Room(ctypes.Structure):
    """What a call passes by address."""

    _fields_ = (
        ("instance", c.wasmtime_instance_t),
        ("memory", c.wasmtime_extern_t),
        ("function", c.wasmtime_extern_t),
        ("trap", c_void_p),
        ("name", c_void_p),
        ("length", c_size_t),
        ("values", c.wasmtime_val_raw_t * 3),
    )


class Place:
    """Place for one instance at a time, in a store of its own. One thread uses it at a time."""

    def __init__(self, ask: Ask) -> None:
        self._engine, self._instances = _address(ask.engine), _address(ask.instances)
        self._ask = ask
        self._store: int | None = None
        self._context = 0
        self._room = room = _Room()
        self._arguments = (c_int32 * 12).from_buffer(room, _Room.values.offset)
        fields = ("instance", "memory", "function", "trap", "name", "length", "values")
        self._at = tuple(addressof(room) + getattr(_Room, name).offset for name in fields)
        inner = c.wasmtime_extern_t.of.offset
        self._of_memory, self._of_function = self._at[1] + inner, self._at[2] + inner

    @property
    def is_open(self) -> bool:
        """Whether it has an instance."""
        return self._store is not None

    def open(self) -> None:
        """Make the instance. Close it in any case, also if this fails."""
        instance, memory, function, trap, name, length, _ = self._at
        self._store = store = _store_new(self._engine, None, None)
        self._context = context = _store_context(store)
        # Without this, a call for randomness would end the process.
        _set_wasi(context, _wasi_config_new())
        _set_epoch_deadline(context, DEADLINE)
        self._check(_instantiate(self._instances, context, instance, trap))
        _export(context, instance, self._ask.memory, name, length, memory)
        _export(context, instance, self._ask.function, name, length, function)

    def ask(self, settings: bytes, question: bytes, now: int) -> bytes:
        """Return the answer. Settings and question are no longer than the area, and plain in this frame."""
        context, arguments = self._context, self._arguments
        _set_epoch_deadline(context, DEADLINE)
        asked = settings + question
        memmove(_memory_data(context, self._of_memory) + self._ask.area, asked, len(asked))
        # A value has 16 bytes.
        arguments[0], arguments[4], arguments[8] = len(settings), len(question), now & 0xFFFFFFFF
        self._check(_call(context, self._of_function, self._at[6], 3, self._at[3]))
        length: int = arguments[0]
        if not 0 <= length <= AREA:
            raise WasmtimeError("the answer is longer than the area")
        # A memory that grew may have moved.
        return string_at(_memory_data(context, self._of_memory) + self._ask.area, length)

    def close(self) -> None:
        """Free the instance with its memory, if there is one."""
        store, self._store = self._store, None
        if store is not None:
            _store_delete(store)

    def _check(self, error: int | None) -> None:
        """Raise what went wrong, if something did."""
        trap, self._room.trap = self._room.trap, None
        if error:
            raise WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(c.wasmtime_error_t)))  # noqa: SLF001
        if trap:
            raise Trap._from_ptr(ctypes.cast(trap, ctypes.POINTER(c.wasm_trap_t)))  # noqa: SLF001


def _address(managed: Any) -> int | None:
    return ctypes.cast(managed.ptr(), c_void_p).value


def _function(name: str, result: Any, *arguments: Any) -> Any:
    """Return a function of wasmtime's C API that takes addresses as numbers. Making pointers for it takes longer than it runs."""
    function = dll[name]
    function.restype, function.argtypes = result, arguments
    return function


_store_new = _function("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
_store_context = _function("wasmtime_store_context", c_void_p, c_void_p)
_store_delete = _function("wasmtime_store_delete", None, c_void_p)
_wasi_config_new = _function("wasi_config_new", c_void_p)
_set_wasi = _function("wasmtime_context_set_wasi", c_void_p, c_void_p, c_void_p)
_set_epoch_deadline = _function("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
_instantiate = _function("wasmtime_instance_pre_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
_export = _function("wasmtime_instance_export_nth", ctypes.c_bool, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p, c_void_p)
_memory_data = _function("wasmtime_memory_data", c_void_p, c_void_p, c_void_p)
_call = _function("wasmtime_func_call_unchecked", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
