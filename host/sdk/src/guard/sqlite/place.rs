//! Places for a guard's file: nobody else can change it there, and its locks hold.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use super::super::GuardError;

/// Checks the folder and the file, which is made if it is not there, and gives its path without links.
pub(super) fn check(path: &Path, network: bool) -> Result<PathBuf, GuardError> {
    let name = path
        .file_name()
        .ok_or_else(|| GuardError::Unfit("the path names no file".to_string()))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.exists() {
        make(folder)?;
    }
    let folder = folder.canonicalize().map_err(unreachable)?;
    let file = folder.join(name);
    owned_folder(&folder)?;
    if !network {
        local(&folder)?;
    }
    match fs::symlink_metadata(&file) {
        Ok(status) => owned_file(&status)?,
        // Only a file that is not there is opened here: to close one would give up the locks that this process has on it.
        Err(_) => create(&file)?,
    }
    Ok(file)
}

fn make(folder: &Path) -> Result<(), GuardError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(unreachable)
}

fn create(file: &Path) -> Result<(), GuardError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => Ok(()),
        // Another process came first: it is checked like any other.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            owned_file(&fs::symlink_metadata(file).map_err(unreachable)?)
        }
        Err(error) => Err(unreachable(error)),
    }
}

fn unreachable(error: std::io::Error) -> GuardError {
    GuardError::Unreachable(format!("file: {}", error.kind()))
}

#[cfg(unix)]
fn owned_folder(folder: &Path) -> Result<(), GuardError> {
    use std::os::unix::fs::MetadataExt;
    let status = fs::metadata(folder).map_err(unreachable)?;
    if status.mode() & 0o022 != 0 {
        return Err(GuardError::Unfit(
            "others can write to the file's folder: chmod go-w".to_string(),
        ));
    }
    Ok(())
}

/// The owner's, and nobody else's. Root may open it too: the journal then gets the file's owner and mode.
#[cfg(unix)]
fn owned_file(status: &fs::Metadata) -> Result<(), GuardError> {
    use std::os::unix::fs::MetadataExt;
    let unfit = |why: &str| Err(GuardError::Unfit(why.to_string()));
    if !status.file_type().is_file() {
        return unfit("the path is a link, or no file");
    }
    if status.mode() & 0o077 != 0 {
        return unfit("others can read or write the file: chmod 600");
    }
    let user = rustix::process::geteuid();
    if !user.is_root() && status.uid() != user.as_raw() {
        return unfit("the file belongs to another user");
    }
    Ok(())
}

#[cfg(not(unix))]
fn owned_folder(_: &Path) -> Result<(), GuardError> {
    Ok(())
}

#[cfg(not(unix))]
fn owned_file(status: &fs::Metadata) -> Result<(), GuardError> {
    if status.file_type().is_file() {
        Ok(())
    } else {
        Err(GuardError::Unfit(
            "the path is a link, or no file".to_string(),
        ))
    }
}

/// Refuses the network file systems of `linux/magic.h`, whose locks need not hold.
#[cfg(target_os = "linux")]
fn local(folder: &Path) -> Result<(), GuardError> {
    /// NFS, SMB, CIFS, SMB 2, AFS, OpenAFS, Ceph, 9P, Coda, NCP, FUSE.
    const NETWORK: [u32; 11] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x5346_414f,
        0x6b41_4653,
        0x00c3_6400,
        0x0102_1997,
        0x7375_7245,
        0x564c,
        0x6573_5546,
    ];
    let status = rustix::fs::statfs(folder).map_err(|error| unreachable(error.into()))?;
    if NETWORK.contains(&(status.f_type as u32)) {
        return Err(GuardError::Unfit(
            "the file is on a network file system, whose locks may not hold".to_string(),
        ));
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn local(_: &Path) -> Result<(), GuardError> {
    Ok(())
}
