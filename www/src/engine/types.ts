// Made from the Rust types by `cargo xtask tidy --types`: change those.

/** Rust: `lab::event::Event`. */
export type Event = { step: number; line: number; at_ms: number } & What;

/** Rust: `lab::families::cluster::play::view::ClusterView`. */
export type ClusterView = { nowUs: number; nodes: NodeView[]; messages: MessageView[]; network: NetworkView };

/** Rust: `judge::report::Report`. */
export type Report = { schema: string; exercise: string; verdict: GradeVerdict; score: number; max_score: number; passing_score: number; passed: boolean; seed: number; submission: SubmissionId; handed?: Handed; grader: GraderId; checks: CheckReport[]; growth?: GrowthReport[]; mutants: MutantReport[]; diagnostics: SourceDiagnostic[]; receipt: string };

/** Rust: `judge::pack::brief::Brief`. */
export type Brief = { id: string; title: Bilingual; statement: Bilingual; rows: BriefRow[]; max_score: number; passing_score: number; starters: Starter[] };

/** Rust: `lab::compare::Difference`. */
export type Difference = { step: number; line: number; source: string; one: string[]; other: string[] };

/** Rust: `judge::course::PublicCourse`. */
export type PublicCourse = { sound: string; chapters: Chapter[]; lessons: Lesson[] };

/** Rust: `judge::course::attempt::Attempt`. */
export type Attempt = { solved: boolean; score: number; rows: Row[]; length: number | null; par: number | null; parting: Parting | null; explanation: string | null };

/** Rust: `lab::event::What`. */
export type What =
  | { kind: "hit"; key: string; value: string }
  | { kind: "miss"; key: string }
  | { kind: "stored"; key: string }
  | { kind: "refused"; key: string }
  | { kind: "deleted"; key: string }
  | { kind: "notFound"; key: string }
  | { kind: "touched"; key: string }
  | { kind: "number"; key: string; value: number | null }
  | { kind: "removed"; count: number }
  | { kind: "truth"; value: boolean }
  | ({ kind: "stats" } & StatsView)
  | { kind: "created"; object: string }
  | { kind: "joined"; id: string }
  | { kind: "left"; id: string }
  | { kind: "rebalanced" }
  | { kind: "owner"; key: string; node: string | null }
  | { kind: "nodes"; nodes: string[] }
  | { kind: "spread"; keys: number; shares: Share[]; unowned: number }
  | { kind: "moved"; keys: number; moved: number; moves: Move[] }
  | { kind: "marked"; keys: number }
  | { kind: "parsed"; command: string }
  | { kind: "rejected"; error: string }
  | { kind: "wrote"; bytes: string }
  | { kind: "error"; message: string }
  | { kind: "said"; text: string }
  | { kind: "keys"; keys: string[] }
  | { kind: "notImplemented"; item: string }
  | { kind: "noObject"; object: string }
  | { kind: "crashed"; crash: Crash }
  | { kind: "inside"; event: CacheEvent }
  | { kind: "world"; event: WorldEvent }
  | { kind: "ticked"; ms: number }
  | { kind: "wallJumped"; ms: number }
  | { kind: "held"; expected: string }
  | { kind: "broken"; expected: string; actual: string };

/** Rust: `lab::families::cluster::play::view::NodeView`. */
export type NodeView = { id: string; status: NodeStatus; role: NodeRole; term: number; epoch: number; ring: string; isWhole: boolean; keys: HeldView[]; hints: number; memory?: MemoryView; wallShiftUs: number; clusterTimeUs: number | null; unheardBy: string[] };

/** Rust: `lab::families::cluster::play::view::MessageView`. */
export type MessageView = { from: string; to: string; name: string; key: string | null; carries?: CarriedView; sentUs: number; dueUs: number | null };

/** Rust: `lab::families::cluster::play::view::NetworkView`. */
export type NetworkView = { drop: number; duplicate: number; reorderUs: number; delays: DelayView[] };

/** Rust: `judge::report::GradeVerdict`. */
export type GradeVerdict =
  | "graded"
  | "build_failed"
  | "forbidden"
  | "harness_error";

/** Rust: `judge::report::SubmissionId`. */
export type SubmissionId = { path: string; sha256: string; files?: string[] };

/** Rust: `judge::report::Handed`. */
export type Handed =
  | "something"
  | "nothing"
  | "unread";

/** Rust: `judge::report::GraderId`. */
export type GraderId = { version: string; backend: string };

/** Rust: `judge::report::CheckReport`. */
export type CheckReport = { id: string; title: string; category: string; points: number; max_points: number; verdict: Verdict; expected: string; actual: string; message: string; hint: string; script: string; transcript: string; schedule?: string; fuel: number; visibility: Visibility; link?: string; also_fails?: AlsoFails[] };

/** Rust: `judge::report::GrowthReport`. */
export type GrowthReport = { id: string; title: string; class: GrowthClass; within: GrowthClass; points: number; max_points: number; fuel: number[] };

/** Rust: `judge::report::MutantReport`. */
export type MutantReport = { id: string; scenario: string; detected: boolean; behaves_like: boolean; hunted?: boolean; withheld?: boolean; message: string };

/** Rust: `judge::report::SourceDiagnostic`. */
export type SourceDiagnostic = { file: string; line: number; column: number; message: string };

/** Rust: `notation::text::Bilingual`. */
export type Bilingual = { en: string; fr: string };

/** Rust: `judge::pack::brief::BriefRow`. */
export type BriefRow = { id: string; title: Bilingual; category: Bilingual; points: number };

/** Rust: `judge::pack::brief::Starter`. */
export type Starter = { language: CodeLanguage; files: Record<string, string> };

/** Rust: `judge::course::Chapter`. */
export type Chapter = { id: string; title: Bilingual; summary: Bilingual; lessons: string[] };

/** Rust: `judge::course::lesson::Lesson`. */
export type Lesson = { id: string; chapter: string; kind: Kind; minutes: number; dialect: Dialect; seed: number; views: string[]; mutant?: string; allowed?: string[]; lines_max: number; par?: number; number_max: number; title: Bilingual; theory: Bilingual; task: Bilingual; hints: Bilingual[]; explanation: Bilingual; script: Scripts };

/** Rust: `judge::course::attempt::Row`. */
export type Row = { id: string; title: string; points: number; maxPoints: number; verdict: Verdict; expected: string; actual: string; message: string; line: number | null };

/** Rust: `judge::course::attempt::Parting`. */
export type Parting = { step: number; line: number; sound: string; other: string };

/** Rust: `lab::event::StatsView`. */
export type StatsView = { hits: number; misses: number; evictions: number; expired: number; bytes: number; entries: number };

/** Rust: `lab::event::Share`. */
export type Share = { node: string; keys: number };

/** Rust: `lab::event::Move`. */
export type Move = { from: string; to: string; keys: number };

/** Rust: `lab::subject::Crash`. */
export type Crash =
  | { kind: "panic"; message: string }
  | { kind: "raised"; message: string }
  | { kind: "unfit"; message: string }
  | { kind: "out_of_fuel" }
  | { kind: "cut_off" }
  | { kind: "machine"; message: string }
  | { kind: "out_of_memory" }
  | { kind: "too_much_output" }
  | { kind: "deadlock"; waits: string[] }
  | { kind: "exit"; code: number }
  | { kind: "gibberish" };

/** Rust: `src::cache::CacheEvent`. */
export type CacheEvent =
  | { kind: "evicted"; key: string; policy: EvictionPolicy; for_key: string }
  | { kind: "expired"; key: string; deadline_ms: number }
  | { kind: "refused"; key: string; bytes: number; limit_bytes: number };

/** Rust: `lab::families::cluster::tell::WorldEvent`. */
export type WorldEvent =
  | { sort: "message"; from: string; to: string; name: string; key: string | null; carries?: CarriedView; sentUs: number; receivedUs: number | null }
  | { sort: "node"; node: string; atUs: number; text: string; key: string | null; isQuiet: boolean }
  | { sort: "client"; node: string; atUs: number; text: string; key: string | null; isLate: boolean }
  | { sort: "fault"; node: string | null; atUs: number; text: string }
  | { sort: "settled"; is: boolean; waits?: string }
  | { sort: "checked"; broken: string | null };

/** Rust: `lab::families::cluster::play::view::NodeStatus`. */
export type NodeStatus =
  | "up"
  | "paused"
  | "down"
  | "left";

/** Rust: `lab::families::cluster::play::view::NodeRole`. */
export type NodeRole =
  | "leader"
  | "follower"
  | "candidate"
  | "";

/** Rust: `lab::families::cluster::play::view::HeldView`. */
export type HeldView = { key: string; value: string | null; version: string; deadlineUs: number | null };

/** Rust: `lab::families::cluster::play::view::MemoryView`. */
export type MemoryView = { used: number; limit: number; evicted: number };

/** Rust: `lab::families::cluster::tell::CarriedView`. */
export type CarriedView = { version: string; value?: string; isTombstone?: boolean };

/** Rust: `lab::families::cluster::play::view::DelayView`. */
export type DelayView = { from: string; to: string; byUs: number };

/** Rust: `judge::verdict::Verdict`. */
export type Verdict =
  | "pass"
  | "fail"
  | "not_implemented"
  | "panic"
  | "deadlock"
  | "race"
  | "timeout"
  | "out_of_memory"
  | "forbidden"
  | "flaky"
  | "skipped"
  | "harness_error";

/** Rust: `judge::pack::Visibility`. */
export type Visibility =
  | "visible"
  | "hidden";

/** Rust: `judge::report::AlsoFails`. */
export type AlsoFails = { expected: string; actual: string; message: string; script: string; transcript: string; schedule?: string; link?: string };

/** Rust: `judge::growth::GrowthClass`. */
export type GrowthClass =
  | "constant"
  | "log"
  | "linear"
  | "worse"
  | "unknown";

/** Rust: `judge::pack::CodeLanguage`. */
export type CodeLanguage =
  | "rust"
  | "python"
  | "script"
  | "http";

/** Rust: `judge::course::lesson::Kind`. */
export type Kind =
  | "predict"
  | "expose"
  | "repair"
  | "design";

/** Rust: `lab::script::parsed::Dialect`. */
export type Dialect =
  | "line"
  | "memcached"
  | "rest"
  | "lab";

/** Rust: `judge::course::lesson::Scripts`. */
export type Scripts = { example: string; given: string; starter: string; goal: string; attempt: string; solution: string };

/** Rust: `src::cache::EvictionPolicy`. */
export type EvictionPolicy =
  | "lru"
  | "lfu"
  | "fifo"
  | "ttl"
  | "sieve"
  | "s3fifo"
  | "clock"
  | "arc"
  | "2q"
  | "lirs"
  | "wtinylfu";
