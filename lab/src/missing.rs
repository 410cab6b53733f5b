//! What is said where a command needs an object that the script has not made, in both languages.

/// The object that is missing where a script has the prototype's cluster, and a command is for a simulated one.
pub(crate) const BESIDE_A_CLUSTER: &str = "nodes=3 beside cluster new";

/// That there is no such object, and the command that makes one.
pub(crate) fn in_english(object: &str) -> String {
    match object {
        "mark" => "no keys are marked yet: write `ring mark key 1000` first".into(),
        "nodes=3" => "there is no simulated cluster yet: make one with `cluster nodes=3` first".into(),
        BESIDE_A_CLUSTER => {
            "this is for a simulated cluster, which `cluster nodes=3` makes: the cluster of `cluster new` takes \
                             `cluster set`, `cluster get` and `cluster where`"
                .into()
        }
        object => format!("there is no {object} yet: make one with `{object} new` first"),
    }
}

/// The same in French.
pub(crate) fn in_french(object: &str) -> String {
    match object {
        "mark" => "aucune clé n'est marquée : écrivez d'abord `ring mark key 1000`".into(),
        "nodes=3" => "il n'y a pas encore de grappe simulée : créez-en une avec `cluster nodes=3`".into(),
        BESIDE_A_CLUSTER => {
            "ceci est pour une grappe simulée, que crée `cluster nodes=3` : celle de `cluster new` prend \
                             `cluster set`, `cluster get` et `cluster where`"
                .into()
        }
        object => {
            let named = match object {
                "node" => "de nœud : créez-en un",
                "ring" => "d'anneau : créez-en un",
                _ => "de grappe : créez-en une",
            };
            format!("il n'y a pas encore {named} avec `{object} new`")
        }
    }
}
