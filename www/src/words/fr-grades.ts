import type { Words } from "./en";
export const grades: Words["grades"] = {
  open: "Noter",
  title: "Noter un rendu",
  nobody:
    "Personne ne note ici : aucun correcteur ne répond à cette adresse. Ouvrez celle que votre enseignant a donnée ; sur votre propre machine, lancez `grader serve`, qui en affiche une et sert aussi cette page.",
  away: "Rien ne répond à cette adresse : vérifiez la connexion. D'ici là, aucune source n'est notée ici ; un rapport déjà là reste.",
  or: "ou",
  hand: (roots, isFolder) =>
    isFolder
      ? `Déposez ici le dossier entier ou un .zip de ce dossier (${roots} seul ne suffit pas), ou choisissez tous ses fichiers :`
      : `Déposez ici un dossier, un .zip ou un fichier (${roots}), ou choisissez des fichiers :`,
  choose: "Choisir des fichiers…",
  task: "Ce qui est demandé : l'énoncé, les points, un point de départ",
  telling: "L'énoncé arrive.",
  untold: "Le correcteur ne le donne pas : « grader serve » tourne-t-il encore ?",
  rows: (points, passing) => `Points : ${points} ; réussi à partir de ${passing}`,
  starter: (language) =>
    language ? `Télécharger le point de départ en ${language}` : "Télécharger le point de départ",
  begin: (id) =>
    `Sur votre machine : \`grader init ${id} DOSSIER\` le commence dans un dossier, \`grader grade DOSSIER --exercise ${id}\` le note.`,
  notHere: (id) =>
    `Cette page ne lance aucun programme ; un service se note donc en ligne de commande : lancez le vôtre, puis \`grader grade --exercise ${id} --url http://127.0.0.1:PORT\`.`,
  exercise: "Exercice",
  gradingHere: (name) => `Vérification de ${name}.`,
  grading: (name) =>
    `Construction et vérification de ${name}. La première fois, les bogues connus sont construits et vérifiés aussi : c'est plus long.`,
  points: (points, max) => `${points} / ${max}`,
  passed: "points : réussi.",
  failed: (passing) => `points : pas encore réussi, il en faut ${passing}.`,
  notGradable: "Rien à noter : corrigez ce qui est listé, puis rendez-le de nouveau.",
  nothingToGrade: (name, why) => `Rien à noter : ${name} : ${why}`,
  verdict: {
    build_failed: "Le rendu ne compile pas.",
    forbidden: "Le rendu emploie quelque chose d'interdit.",
    harness_error: "Le correcteur lui-même a échoué. Ce n'est pas votre faute.",
  },
  refused: {
    nothing: "Il n'y a rien à noter : choisissez vos fichiers source, leur dossier ou un .zip.",
    unreadable: "Un fichier n'est plus lisible : choisissez-le à nouveau.",
    tooLarge: "C'est trop pour un rendu : ne donnez que les sources, sans « target ».",
    program: "Ce n'est pas un programme fait par `grader build` : refaites-le, pour cet exercice.",
    brokenOff: "La page a été rechargée pendant la correction : remettez le rendu.",
    stopped: "La notation a été arrêtée.",
    endless:
      "Votre programme a été arrêté : ses vérifications ont pris trop de temps. Cherchez une boucle sans fin ; `grader grade` nomme la vérification.",
    noBrief: "Cette page est venue sans vérifications : déposez le code là où un correcteur sert la page.",
    sourceOnly:
      "Cette page ne note pas de programme sur cet exercice : déposez son code source, là où `grader serve` sert la page, ou lancez `grader grade`.",
    unreachable: "Le correcteur ne répond pas : « grader serve » tourne-t-il encore ?",
  },
  of: (exercise) => `Exercice : ${exercise}.`,
  graded: (path, digest) => `Noté : ${path} (SHA-256 ${digest}…)`,
  handed: (path) => `Rendu : ${path}`,
  otherLanguage: "Ce rapport est dans la langue dans laquelle il a été noté.",
  otherLanguageAnew:
    "Ce rapport est dans la langue dans laquelle il a été noté : rendez à nouveau pour l'avoir en français.",
  again: "Noter à nouveau, en français",
  elsewhere: (exercise) => `Le dernier rapport est sur un autre exercice : ${exercise}.`,
  showIt: "Le montrer",
  quoted: (title) => `« ${title} »`,
  behavesLike: "Il se comporte comme un bogue connu",
  expected: "attendu",
  actual: "trouvé",
  alsoFails: "Échoue aussi",
  tryOwn: "Voir ce que fait votre programme",
  tryReference: "Voir ce que fait la référence",
  answered: "Ce que votre programme a répondu :",
  story: "L'ordre des threads qui le montre :",
  notKept:
    "La page a été rechargée depuis, et votre programme était trop gros pour être conservé : remettez-le, puis ceci s'ouvrira avec lui.",
  nothingOfIt:
    "Votre programme n'a rien de ce que demande cet exercice. A-t-il été construit pour un autre ? Alors choisissez celui-là.",
  here: "Votre programme a été noté sur les vérifications publiques, dans cette page. Seule la correction de votre professeur compte.",
  program:
    "Pour noter un programme fait par `grader build`, déposez ici son .wasm : il n'y faut pas de correcteur.",
  stop: "Arrêter la notation",
  verdicts: {
    pass: "réussi",
    fail: "échoué",
    not_implemented: "pas encore écrit",
    panic: "a paniqué",
    deadlock: "interblocage",
    race: "dépend de l'ordre des threads",
    timeout: "n'a jamais fini",
    out_of_memory: "mémoire épuisée",
    forbidden: "interdit",
    flaky: "pas deux fois pareil",
    skipped: "sauté",
    harness_error: "non jugé",
  },
};
