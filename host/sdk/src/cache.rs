//! Compiled components, kept from one process to the next.
//!
//! Compiled code is trusted like the program itself. It comes from a folder that was filled when the program was installed, or from one in the
//! user's own cache; [`folder`] says which of them are believed. Otherwise the component is compiled, which takes a second.

#[cfg(unix)]
mod folder;

#[cfg(unix)]
pub use folder::compiled_ahead;

use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads what was compiled before, or compiles a component and keeps that.
pub(crate) fn component(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
    #[cfg(unix)]
    {
        let (ahead, own) = (folder::ahead(), folder::own());
        let why_not = own.as_ref().err().copied();
        let folders = [ahead, own.ok()];
        let made = kept::component(engine, bytes, &folders)?;
        if let (Some(why_not), true) = (why_not, made.compiled) {
            say(why_not);
        }
        Ok(made.component)
    }
    #[cfg(not(unix))]
    Component::new(engine, bytes)
}

/// Says once in a process why each start of it compiles.
#[cfg(unix)]
fn say(why_not: &'static str) {
    use std::sync::atomic::{AtomicBool, Ordering};

    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        #[cfg(feature = "tracing")]
        tracing::info!(
            target: "xoxzo_2fa",
            "the component was compiled, and is again at the next start: {why_not}"
        );
        #[cfg(not(feature = "tracing"))]
        let _ = why_not;
    }
}

/// Files of compiled code: the SHA-256 of the code, and the code. The name is a hash of the component and of all that its code depends on.
#[cfg(unix)]
mod kept {
    use std::hash::{Hash, Hasher};

    use base64ct::{Base64UrlUnpadded, Encoding};
    use sha2::{Digest, Sha256};
    use wasmtime::Engine;
    use wasmtime::component::Component;

    use super::folder::Folder;

    const HASH: usize = 32;

    pub(super) struct Made {
        pub(super) component: Component,
        pub(super) compiled: bool,
    }

    /// Loads from the first folder that has it. Otherwise compiles, and keeps it in the last.
    pub(super) fn component(
        engine: &Engine,
        bytes: &[u8],
        folders: &[Option<Folder>],
    ) -> wasmtime::Result<Made> {
        let name = name(engine, bytes);
        let mut found = folders.iter().flatten();
        if let Some(component) = found.find_map(|folder| load(engine, folder, &name)) {
            return Ok(Made {
                component,
                compiled: false,
            });
        }
        let component = Component::new(engine, bytes)?;
        if let Some(Some(folder)) = folders.last()
            && let Ok(code) = component.serialize()
        {
            // Without it the next start compiles too.
            let _ = folder.write(&name, &[&Sha256::digest(&code)[..], &code].concat());
        }
        Ok(Made {
            component,
            compiled: true,
        })
    }

    fn name(engine: &Engine, bytes: &[u8]) -> String {
        let mut name = Name(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut name);
        name.0.update(bytes);
        let digest = name.0.finalize();
        Base64UrlUnpadded::encode_string(&digest) + ".cwasm"
    }

    /// A hash of all that is written to it.
    struct Name(Sha256);

    impl Hasher for Name {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        fn finish(&self) -> u64 {
            unreachable!("its digest is taken")
        }
    }

    #[expect(unsafe_code, reason = "nothing safe loads compiled code")]
    fn load(engine: &Engine, folder: &Folder, name: &str) -> Option<Component> {
        let file = folder.read(name)?;
        let (hash, code) = file.split_at_checked(HASH)?;
        if Sha256::digest(code)[..] != *hash {
            return None;
        }
        // SAFETY: only root or this user could write to the folder and the file, and the bytes are those that were written.
        unsafe { Component::deserialize(engine, code) }.ok()
    }

    #[cfg(test)]
    mod tests {
        use std::fs;
        use std::os::unix::fs::PermissionsExt;

        use super::super::folder::Place;
        use super::*;
        use crate::engine::shared;

        /// A component of which nothing is called.
        const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

        /// Tells whether a component was compiled, with this folder for what is kept.
        fn compiles(folder: &Folder) -> bool {
            let engine = &shared().expect("the engine starts").engine;
            let folders = [None, Some(folder.clone())];
            component(engine, EMPTY, &folders)
                .expect("it is a component")
                .compiled
        }

        #[test]
        fn code_is_compiled_once() {
            let place = Place::new();
            let folder = place.folder().expect("the folder is ours");
            assert!(compiles(&folder));
            assert!(!compiles(&folder));
            let files: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
            assert_eq!(files.len(), 1, "no temporary file stays");
        }

        #[test]
        fn damage_is_found_and_mended() {
            let place = Place::new();
            let folder = place.folder().expect("the folder is ours");
            assert!(compiles(&folder));
            let file = fs::read_dir(place.path()).unwrap().next().unwrap();
            let path = file.unwrap().path();
            let whole = fs::read(&path).unwrap();
            for damaged in [
                Vec::new(),
                whole[..HASH].to_vec(),
                whole[..whole.len() - 1].to_vec(),
                [&whole[..whole.len() - 1], &[!whole[whole.len() - 1]]].concat(),
                [&Sha256::digest(b"other code")[..], b"other code"].concat(),
            ] {
                fs::write(&path, damaged).unwrap();
                assert!(compiles(&folder));
                assert_eq!(fs::read(&path).unwrap(), whole);
                assert!(!compiles(&folder));
            }
        }

        #[test]
        fn code_that_others_could_have_written_is_not_loaded() {
            let place = Place::new();
            let folder = place.folder().expect("the folder is ours");
            assert!(compiles(&folder));
            let file = fs::read_dir(place.path()).unwrap().next().unwrap();
            let path = file.unwrap().path();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
            assert!(compiles(&folder));
            let mended = fs::metadata(&path).unwrap().permissions();
            assert_eq!(mended.mode() & 0o777, 0o600);
            assert!(!compiles(&folder));
        }
    }
}
