//! Gradings as jobs on a queue: a class puts them there, workers on other machines grade them, and the class collects the
//! reports.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`url`] | a queue's address; its password is never shown |
//! | [`job`] | the messages, as bytes |
//! | [`posting`] | a job in the queue's own form |
//! | [`store`] | the queue's operations, on PostgreSQL or Redis |
//! | [`hand_out`] | the class's side: puts jobs there, collects outcomes, reports progress |
//! | [`worker`] | the worker's side: takes a job, grades it like `grader grade`, hands in the outcome |
//!
//! A job is named by its result's key, a digest of everything that could change the result. So when a job is done twice, because
//! a worker was killed, a connection broke or a class was restarted, it has the same name: the first outcome stays.

pub mod hand_out;
pub mod job;
mod postgres;
pub mod posting;
mod redis;
pub mod store;
pub mod url;
pub mod worker;
