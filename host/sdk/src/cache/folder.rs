//! Folders of compiled code, and who may have written there.
//!
//! | folder | owner | mode |
//! |---|---|---|
//! | filled at installation, if the program says where: [`compiled_ahead`] | root or the effective user | others may not write |
//! | `$XDG_CACHE_HOME/xoxzo-2fa`, or `~/.cache/xoxzo-2fa`, or `$XOXZO_2FA_CACHE` | the effective user | 0700, files 0600 |
//!
//! Neither the folder nor a file in it may be a link. The user's own is not believed where the effective user is not the real one, nor where the home
//! is another user's: root with the environment of somebody else loads nothing.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base64ct::{Base64UrlUnpadded, Encoding};
use rand::TryRng;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, renameat, unlinkat};
use rustix::process::{geteuid, getuid};

/// Bytes of the largest file that is read.
const LARGEST: u64 = 64 << 20;

/// Access of others than the owner.
const OTHERS: u32 = 0o077;

/// Write access of others than the owner.
const OTHERS_WRITE: u32 = 0o022;

/// A folder that is believed, held open.
#[derive(Clone)]
pub(super) struct Folder {
    descriptor: Arc<OwnedFd>,
    believed: Believed,
}

/// The owners that a file or folder may have, and the access that others must not have.
#[derive(Clone, Copy)]
struct Believed {
    user: u32,
    or_root: bool,
    denied: u32,
}

impl Believed {
    fn accepts(self, found: &Stat) -> bool {
        let owner = found.st_uid == self.user || self.or_root && found.st_uid == 0;
        owner && found.st_mode & self.denied == 0
    }
}

static AHEAD: OnceLock<PathBuf> = OnceLock::new();

/// Names the folder that was filled with compiled code when this program was installed, before the first client. It is believed if root or the
/// effective user owns it and what is in it, and nobody else may write there. Returns whether this is the folder of the process.
pub fn compiled_ahead(folder: impl Into<PathBuf>) -> bool {
    let folder = folder.into();
    *AHEAD.get_or_init(|| folder.clone()) == folder
}

/// The folder that was filled when this program was installed.
pub(super) fn ahead() -> Option<Folder> {
    let believed = Believed {
        user: geteuid().as_raw(),
        or_root: true,
        denied: OTHERS_WRITE,
    };
    Folder::open(AHEAD.get()?, believed).ok()
}

/// The folder of the user who runs this process, made if there is none.
///
/// # Errors
///
/// Fails with the reason why there is none that could be believed.
pub(super) fn own() -> Result<Folder, &'static str> {
    let (real, effective) = (getuid().as_raw(), geteuid().as_raw());
    of_user(|name| env::var_os(name), real, effective)
}

fn of_user(
    variable: impl Fn(&str) -> Option<OsString>,
    real: u32,
    effective: u32,
) -> Result<Folder, &'static str> {
    if real != effective {
        return Err("the effective user is not the real one");
    }
    let absolute = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let path = match variable("XOXZO_2FA_CACHE") {
        Some(path) if path.is_empty() => return Err("XOXZO_2FA_CACHE is empty"),
        Some(path) => PathBuf::from(path),
        None => {
            let home = || absolute("HOME").map(|home| (home.join(".cache"), home));
            let base = absolute("XDG_CACHE_HOME").map(|base| (base.clone(), base));
            let (base, owned) = base.or_else(home).ok_or("there is no home")?;
            // What belongs to somebody else can be replaced by them.
            let exists = owned.ancestors().find_map(|path| fs::metadata(path).ok());
            if exists.is_none_or(|found| found.uid() != effective) {
                return Err("the home is another user's");
            }
            base.join("xoxzo-2fa")
        }
    };
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path);
    made.map_err(|_| "there is no cache folder, and none can be made")?;
    let believed = Believed {
        user: effective,
        or_root: false,
        denied: OTHERS,
    };
    Folder::open(&path, believed)
}

impl Folder {
    fn open(path: &Path, believed: Believed) -> Result<Self, &'static str> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|_| "the cache folder cannot be opened, or is a link")?;
        match fstat(&descriptor) {
            Ok(found) if believed.accepts(&found) => Ok(Self {
                descriptor: Arc::new(descriptor),
                believed,
            }),
            _ => Err("the cache folder is another user's, or open to others"),
        }
    }

    /// Reads a file that is believed.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.descriptor, name, flags, Mode::empty()).ok()?;
        let found = fstat(&file).ok()?;
        let plain = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        if !plain || found.st_nlink != 1 || !self.believed.accepts(&found) {
            return None;
        }
        let length = u64::try_from(found.st_size).ok()?;
        if length > LARGEST {
            return None;
        }
        let mut content = Vec::with_capacity(usize::try_from(length).ok()?);
        let read = File::from(file).take(LARGEST).read_to_end(&mut content);
        read.is_ok().then_some(content)
    }

    /// Puts a file in its place at once, whatever was there.
    ///
    /// # Errors
    ///
    /// Fails where the system does, and leaves no part of it.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut random = [0; 12];
        rand::rngs::SysRng
            .try_fill_bytes(&mut random)
            .map_err(io::Error::other)?;
        let temporary = Base64UrlUnpadded::encode_string(&random);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(&self.descriptor, &temporary, flags, Mode::RUSR | Mode::WUSR)?;
        let placed = File::from(file).write_all(content).and_then(|()| {
            renameat(&self.descriptor, &temporary, &self.descriptor, name).map_err(io::Error::from)
        });
        if placed.is_err() {
            let _ = unlinkat(&self.descriptor, &temporary, AtFlags::empty());
        }
        placed
    }
}

#[cfg(test)]
pub(super) use self::tests::Place;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A folder that is gone when the test ends.
    pub(crate) struct Place(PathBuf);

    impl Place {
        pub(crate) fn new() -> Self {
            let mut random = [0; 12];
            rand::rngs::SysRng.try_fill_bytes(&mut random).unwrap();
            let name = format!("x2f-{}", Base64UrlUnpadded::encode_string(&random));
            let path = env::temp_dir().join(name);
            fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }

        pub(crate) fn folder(&self) -> Result<Folder, &'static str> {
            self.named(user(), user())
        }

        /// Opens the place as a process of these users would.
        fn named(&self, real: u32, effective: u32) -> Result<Folder, &'static str> {
            let variable = |name: &str| (name == "XOXZO_2FA_CACHE").then(|| self.0.clone().into());
            of_user(variable, real, effective)
        }

        fn chmod(&self, name: &str, mode: u32) {
            fs::set_permissions(self.0.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn user() -> u32 {
        geteuid().as_raw()
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let place = Place::new();
        let folder = place.folder().unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(folder.read("code"), None);
        for content in ["one", "another"] {
            folder.write("code", content.as_bytes()).unwrap();
            assert_eq!(folder.read("code"), Some(content.into()));
        }
    }

    #[test]
    fn a_folder_of_another_user_is_not_believed() {
        let place = Place::new();
        let other = user() + 1;
        assert!(place.named(other, other).is_err());
        assert_eq!(
            place.named(other, user()).err(),
            Some("the effective user is not the real one")
        );
    }

    #[test]
    fn a_folder_that_others_can_enter_is_not_believed() {
        let place = Place::new();
        for mode in [0o710, 0o701, 0o750, 0o770, 0o777] {
            place.chmod("", mode);
            assert!(place.folder().is_err(), "{mode:o}");
        }
        place.chmod("", 0o700);
        assert!(place.folder().is_ok());
    }

    #[test]
    fn a_file_that_others_can_open_is_not_read() {
        let place = Place::new();
        let folder = place.folder().unwrap_or_else(|why| panic!("{why}"));
        folder.write("code", b"code").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o666] {
            place.chmod("code", mode);
            assert_eq!(folder.read("code"), None, "{mode:o}");
        }
        place.chmod("code", 0o600);
        assert!(folder.read("code").is_some());
    }

    #[test]
    fn links_are_not_followed() {
        let (place, other) = (Place::new(), Place::new());
        let folder = place.folder().unwrap_or_else(|why| panic!("{why}"));
        folder.write("code", b"code").unwrap();
        symlink(place.0.join("code"), place.0.join("link")).unwrap();
        assert_eq!(folder.read("link"), None);
        fs::hard_link(place.0.join("code"), place.0.join("hard")).unwrap();
        assert_eq!((folder.read("hard"), folder.read("code")), (None, None));
        fs::create_dir(place.0.join("folder")).unwrap();
        assert_eq!(folder.read("folder"), None);
        let link = Place(other.0.join("link"));
        symlink(&place.0, &link.0).unwrap();
        assert!(link.folder().is_err());
        fs::remove_file(&link.0).unwrap();
    }

    #[test]
    fn a_home_of_another_user_is_not_used() {
        let home = Place::new();
        let at = |path: &Path, name: &'static str| {
            let path = path.to_path_buf();
            move |asked: &str| (asked == name).then(|| path.clone().into())
        };
        for (variable, cache) in [
            ("HOME", ".cache/xoxzo-2fa"),
            ("XDG_CACHE_HOME", "xoxzo-2fa"),
        ] {
            let other = user() + 1;
            let refused = of_user(at(&home.0, variable), other, other).err();
            assert_eq!(refused, Some("the home is another user's"));
            assert!(!home.0.join(cache).exists(), "nothing was made there");
            assert!(of_user(at(&home.0, variable), user(), user()).is_ok());
            let made = fs::metadata(home.0.join(cache)).unwrap().permissions();
            assert_eq!(made.mode() & 0o777, 0o700);
        }
        assert!(of_user(|_| None, user(), user()).is_err());
        assert!(of_user(|_| Some("relative".into()), user(), user() + 1).is_err());
        assert!(of_user(|_| Some(OsString::new()), user(), user()).is_err());
    }

    #[test]
    fn what_was_installed_may_be_roots_and_open_to_readers() {
        let place = Place::new();
        let of = |user| Believed {
            user,
            or_root: true,
            denied: OTHERS_WRITE,
        };
        place.chmod("", 0o755);
        fs::write(place.0.join("code"), "code").unwrap();
        place.chmod("code", 0o644);
        let folder = Folder::open(&place.0, of(user())).unwrap_or_else(|why| panic!("{why}"));
        assert!(folder.read("code").is_some());
        for mode in [0o664, 0o646] {
            place.chmod("code", mode);
            assert_eq!(folder.read("code"), None, "{mode:o}");
        }
        let is_root = user() == 0;
        assert_eq!(Folder::open(&place.0, of(user() + 1)).is_ok(), is_root);
        place.chmod("", 0o775);
        assert!(Folder::open(&place.0, of(user())).is_err());
    }
}
