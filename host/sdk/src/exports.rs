//! Functions of a component: found by name once, and compared with their types when they are called.
//!
//! Bindings that are generated compare all functions of a world whenever an instance is made: an eighth of the time of an operation on tokio, which calls
//! two to four of ten.

use std::sync::Arc;

use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower,
};
use wasmtime::{AsContextMut, Store};

/// Places of functions, by name.
type Functions = Arc<[(&'static str, ComponentExportIndex)]>;

/// An instance but for its store, and where its functions are.
pub(crate) struct Exporting<T: 'static> {
    pre: InstancePre<T>,
    functions: Functions,
}

/// The functions of an instance.
pub(crate) struct Exports {
    instance: Instance,
    functions: Functions,
}

impl<T> Exporting<T> {
    /// Finds functions, each by its interface and its name.
    pub(crate) fn new(
        pre: InstancePre<T>,
        names: &[(&str, &'static str)],
    ) -> wasmtime::Result<Self> {
        let component = pre.component();
        let find = |(interface, name): &(&str, &'static str)| {
            let parent = component.get_export_index(None, interface);
            let index = parent.and_then(|parent| component.get_export_index(Some(&parent), name));
            let missing = || wasmtime::Error::msg(format!("no export `{interface}` with `{name}`"));
            Ok((*name, index.ok_or_else(missing)?))
        };
        let functions = names.iter().map(find).collect::<wasmtime::Result<_>>()?;
        Ok(Self { pre, functions })
    }

    pub(crate) fn instantiate(&self, store: &mut Store<T>) -> wasmtime::Result<Exports> {
        Ok(Exports {
            instance: self.pre.instantiate(store)?,
            functions: Arc::clone(&self.functions),
        })
    }
}

impl Exports {
    /// Calls a function of one of the interfaces.
    pub(crate) fn call<P, R>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
        arguments: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower,
        (R,): ComponentNamedList + Lift,
    {
        let found = self.functions.iter().find(|(own, _)| *own == name);
        let (_, index) = found.ok_or_else(|| wasmtime::Error::msg("no such function"))?;
        let function = self.instance.get_typed_func::<P, (R,)>(&mut store, index)?;
        function.call(store, arguments).map(|(answer,)| answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::configuration::TwoFactorConfiguration;
    use crate::bindings::xoxzo::two_factor::types;
    use crate::error::Error;
    use crate::instance::{DEADLINE, Plugin, State, World};
    use wasmtime::component::{HasSelf, Linker};

    const COMPONENT: &[u8] = include_bytes!("../plugin/two-factor-configuration.wasm");

    /// A world by the functions that its interface must have.
    struct Own<const MISSING: bool>(Exports);

    impl<const MISSING: bool> World for Own<MISSING> {
        type Host = ();
        type Pre = Exporting<State<()>>;

        fn link(linker: &mut Linker<State<()>>) -> wasmtime::Result<()> {
            TwoFactorConfiguration::add_to_linker::<_, HasSelf<_>>(
                linker,
                |state: &mut State<()>| state,
            )
        }

        fn prepare(pre: InstancePre<State<()>>) -> wasmtime::Result<Self::Pre> {
            let name = if MISSING { "keygenerator" } else { "keygen" };
            Exporting::new(pre, &[("xoxzo:two-factor/configuration@0.1.0", name)])
        }

        fn instantiate(pre: &Self::Pre, store: &mut Store<State<()>>) -> wasmtime::Result<Self> {
            pre.instantiate(store).map(Self)
        }
    }

    #[test]
    fn a_function_is_called_by_its_name_and_its_types_only() {
        let plugin = Plugin::<Own<false>>::new(COMPONENT).unwrap();
        let called = plugin.once(DEADLINE, |Own(exports), store| {
            exports.call::<_, Result<types::WrittenKey, _>>(store, "keygen", ())
        });
        assert!(called.is_ok_and(|written| written.key.starts_with("x2fk1_")));
        let other_name = plugin.once(DEADLINE, |Own(exports), store| {
            exports.call::<_, Result<types::WrittenKey, _>>(store, "inspect", ())
        });
        let other_arguments = plugin.once(DEADLINE, |Own(exports), store| {
            exports.call::<_, Result<types::WrittenKey, _>>(store, "keygen", (7_u32,))
        });
        let other_answer = plugin
            .once(DEADLINE, |Own(exports), store| {
                exports.call::<_, Result<types::Acceptance, _>>(store, "keygen", ())
            })
            .map(|_| panic!("an acceptance that nobody gave"));
        for failed in [other_name, other_arguments, other_answer] {
            assert!(matches!(failed, Err(Error::Upstream(_))));
        }
    }

    #[test]
    fn a_component_without_a_function_does_not_load() {
        assert!(matches!(
            Plugin::<Own<true>>::new(COMPONENT),
            Err(Error::Upstream(_))
        ));
    }
}
