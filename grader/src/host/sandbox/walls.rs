//! A mount namespace with only the files that a program may see, and without network: entered by a process with one
//! thread.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change, mount_remount, unmount,
};
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags};

use crate::host::kernel;

/// The path of the scratch folder as the program sees it, whatever the host's path is.
pub const WORK: &str = "/work";
/// The path of the host's files while the namespace is built.
const HOST: &str = "/.host";
/// Space for the folders and files that others are mounted on.
const ROOM: &std::ffi::CStr = c"size=4m,mode=0755";

/// Enters a new root with `readable` (read-only, at the host's paths), `scratch` at [`WORK`], and `/dev/null`.
///
/// # Errors
/// The host refuses namespaces, or the root cannot be built: this process cannot be used any more.
pub(super) fn build(scratch: &Path, writes: bool, readable: &[PathBuf]) -> Result<(), String> {
    if !enter() {
        return Err("this machine gives no user namespaces".to_owned());
    }
    root(scratch, writes, readable)
}

/// With the right to mount, leaving the namespaces is enough; without it a user namespace gives that right inside them.
fn enter() -> bool {
    let ours = UnshareFlags::NEWNS | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    if kernel::leave_namespaces(ours).is_ok() {
        return true;
    }
    kernel::leave_namespaces_as_user(ours)
}

fn root(scratch: &Path, writes: bool, readable: &[PathBuf]) -> Result<(), String> {
    let failed_at = |what: &'static str| move |error: rustix::io::Errno| format!("{what}: {error}");
    let quiet = MountFlags::NOSUID | MountFlags::NODEV;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(failed_at("private mounts"))?;
    // Any folder will do as a mount point for the new root; later the host's own folder is found below the host's root.
    mount("tmpfs", scratch, "tmpfs", quiet, ROOM).map_err(failed_at("a new root"))?;
    let host = scratch.join(&HOST[1..]);
    fs::create_dir(&host).map_err(|error| format!("a new root: {error}"))?;
    rustix::process::pivot_root(scratch, &host).map_err(failed_at("entering the new root"))?;
    std::env::set_current_dir("/").map_err(|error| format!("entering the new root: {error}"))?;
    for path in readable {
        show(path, path, true).map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    // A program finds libraries beside itself through `/proc`, and others through a cache in `/etc`; the new root has neither. So
    // all of them are also shown in a folder where every loader looks first.
    let libc = readable.iter().find(|path| path.file_name().is_some_and(|name| name == "libc.so.6"));
    if let Some(home) = libc.and_then(|libc| libc.parent()) {
        for path in readable {
            let name = path.file_name().unwrap_or_default();
            if name.to_string_lossy().contains(".so") {
                show(path, &home.join(name), true).map_err(|error| format!("`{}`: {error}", path.display()))?;
            }
        }
    }
    // Writable even where everything else is not: a device is for writing.
    show(Path::new("/dev/null"), Path::new("/dev/null"), false).map_err(|error| format!("`/dev/null`: {error}"))?;
    show(scratch, Path::new(WORK), !writes).map_err(|error| format!("the scratch folder: {error}"))?;
    unmount(HOST, UnmountFlags::DETACH).map_err(failed_at("leaving the host's files"))?;
    fs::remove_dir(HOST).map_err(|error| format!("leaving the host's files: {error}"))?;
    mount_remount("/", MountFlags::BIND | MountFlags::RDONLY | quiet, c"").map_err(failed_at("a read-only root"))
}

/// Shows a file or folder of the host in the new root. One that does not exist on the host is skipped.
fn show(host: &Path, inside: &Path, read_only: bool) -> io::Result<()> {
    let source = Path::new(HOST).join(host.strip_prefix("/").unwrap_or(host));
    let source = resolved(&source)?;
    let Ok(metadata) = fs::metadata(&source) else { return Ok(()) };
    if inside.exists() {
        return Ok(()); // Within a folder that is shown already.
    }
    let inside = &normal(inside);
    if metadata.is_dir() {
        folders(inside)?;
    } else {
        folders(inside.parent().unwrap_or(inside))?;
        fs::File::create(inside)?;
    }
    mount_bind_recursive(&source, inside)?;
    if read_only {
        // In a user namespace, flags that the host has set must stay set.
        let host = rustix::fs::statvfs(inside)?.f_flag;
        let mut flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
        for (has, set) in [
            (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
            (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
            (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
            (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
        ] {
            if host.contains(has) {
                flags |= set;
            }
        }
        mount_remount(inside, flags, c"")?;
    }
    Ok(())
}

/// A path below [`HOST`] with its links resolved there: an absolute link is relative to the host's root, not to this
/// one.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let Some(link) = path.ancestors().filter(|part| *part != Path::new("/")).find(|part| part.is_symlink()) else {
            return Ok(path);
        };
        let (link, rest) = (link.to_owned(), path.strip_prefix(link).unwrap_or(Path::new("")).to_owned());
        let target = fs::read_link(&link)?;
        path = match target.strip_prefix("/") {
            Ok(absolute) => Path::new(HOST).join(absolute),
            Err(_) => normal(&link.parent().unwrap_or(&link).join(target)),
        };
        if rest != Path::new("") {
            path.push(rest);
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

/// A path without `.` and `..`, lexically: links are not resolved.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(plain.pop()),
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

fn folders(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// Gives up all capabilities, for this program and for any it executes.
pub(super) fn drop_rights() -> rustix::io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    for bit in 0..64 {
        // An unknown capability, or one that is gone already, need not be dropped.
        _ = rustix::thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit));
    }
    _ = rustix::thread::clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}
