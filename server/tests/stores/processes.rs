//! Processes that a test starts, waits for by what they say, and ends.

use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;

/// A folder of its own, which goes with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cachedojo-stores-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody has at this moment.
pub(crate) fn free_port() -> u16 {
    let [port] = free_ports();
    port
}

/// Several, no two alike.
pub(crate) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let held = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    held.map(|listener| listener.local_addr().expect("a port").port())
}

/// A process that is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    said: Receiver<String>,
    /// The line that said it is ready.
    pub(crate) ready: String,
}

impl Process {
    /// Starts a program and waits for the line that says it is ready.
    pub(crate) fn start(mut command: Command, ready: &str) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap_or_else(
                |error| panic!("{program} does not start ({error}): `cargo xtask test native` installs it"),
            );
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        let (say, said) = std::sync::mpsc::channel();
        // Whoever is not listened to any more would wait for room in the pipe.
        for stream in streams {
            let say = say.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    _ = say.send(line);
                }
            });
        }
        drop(say);
        let mut process = Self { child, said, ready: String::new() };
        process.ready = process.next_with(ready);
        process
    }

    /// Waits for the next line that it says with this text in it.
    pub(crate) fn next_with(&mut self, text: &str) -> String {
        let mut all = Vec::new();
        while !all.last().is_some_and(|line: &String| line.contains(text)) {
            let line = self.said.recv();
            all.push(line.unwrap_or_else(|_| panic!("it ended before it said `{text}`: {all:?}")));
        }
        all.pop().expect("the line that ended the loop")
    }

    /// Waits for its end: its exit code, and what it said since it was last asked.
    pub(crate) fn wait(&mut self) -> (Option<i32>, String) {
        let said = self.said.iter().collect::<Vec<_>>().join("\n");
        (self.child.wait().expect("it ends").code(), said)
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it ran");
        self.child.wait().expect("it ends");
    }

    /// Stops it where it is, or lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A Redis without a disk.
pub(crate) fn redis(port: u16, flags: &[&str]) -> Process {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(flags);
    Process::start(command, "Ready to accept connections")
}

/// A PostgreSQL whose data go with it.
pub(crate) struct Postgres {
    _process: Process,
    folder: Folder,
    is_root: bool,
    pub(crate) url: String,
}

impl Postgres {
    pub(crate) fn new() -> Self {
        let (folder, port) = (Folder::new(), free_port());
        let data = folder.path().join("data");
        // Whoever made a folder owns it.
        let is_root =
            std::fs::metadata(folder.path()).map(|it| std::os::unix::fs::MetadataExt::uid(&it)).ok() == Some(0);
        if is_root {
            let owner = Command::new("chown").arg("postgres").arg(folder.path()).status().expect("chown");
            assert!(owner.success());
        }
        let mut initdb = program("initdb", is_root);
        initdb.args(["--no-sync", "--auth", "trust", "--username", "cachedojo", "--pgdata"]).arg(&data);
        let made = initdb.current_dir("/").output().expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut postgres = program("postgres", is_root);
        postgres.current_dir("/").arg("-D").arg(&data).args(["-p", &port.to_string(), "-k"]).arg(folder.path());
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "logging_collector=off"]);
        let process = Process::start(postgres, "ready to accept connections");
        let url = format!("postgres://cachedojo@127.0.0.1:{port}/postgres");
        Self { _process: process, folder, is_root, url }
    }

    /// Ends it at once; then nobody answers at its port.
    pub(crate) fn end(&self) {
        let mut stop = program("pg_ctl", self.is_root);
        stop.current_dir("/").args(["stop", "--mode", "immediate", "--pgdata"]).arg(self.folder.path().join("data"));
        let stopped = stop.output().expect("pg_ctl runs");
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    }
}

/// A program of PostgreSQL. It refuses to run as root, so root lets the user run it whom its package makes.
fn program(name: &str, is_root: bool) -> Command {
    let program = bin().join(name);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

/// Where Debian keeps PostgreSQL's programs: by version, not on PATH.
fn bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("`cargo xtask test native` installs PostgreSQL");
    let bins = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    bins.filter(|bin| bin.join("postgres").is_file()).max().expect("a PostgreSQL")
}
