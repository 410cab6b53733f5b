import type { Words } from "./en";
import { someInFrench as some } from "./some";

export const guide: Words["guide"] = {
  welcome: "Par où commencer",
  lessons: "Leçons",
  fold: "Replier cette colonne",
  unfold: "Ouvrir le guide",
  hello: "Écrivez des commandes ; regardez un cache leur obéir. Chaque pas se défait.",
  first: (title) => `Commencer par la leçon 1 : ${title}`,
  firstHelp: (minutes) => `${some(minutes, "minute", "minutes")}, sans rien savoir d'avance`,
  goOn: (title) => `Continuer : ${title}`,
  goOnHelp: "Votre prochaine leçon",
  free: "Jouer librement",
  freeHelp: "Votre propre script, toutes les commandes",
  grade: "Rendre votre code",
  gradeHelp: "Chaque point de votre rendu, et pourquoi",
  try: "Ou appuyez sur Lancer : un premier script est prêt.",
  loading: "Les leçons se chargent.",
  none: "Cette page est venue sans leçons. `cargo xtask play` les construit.",
  gone: "Cette leçon n'est pas dans cette page.",
  solved: (done, all) => `${some(done, "résolue", "résolues")} sur ${all}`,
  points: (score) => some(score, "point", "points"),
  minutes: (minutes) => `${minutes} min`,
  kinds: { predict: "Prédire", expose: "Démasquer", repair: "Réparer", design: "Concevoir" },
  export: "Exporter",
  import: "Importer",
  importWrong: "Ce n'est pas un fichier de progression : choisissez-en un que cette page a exporté.",
  imported: (lessons, scripts) =>
    lessons + scripts === 0
      ? "Rien de nouveau : tout y est déjà."
      : `Ajouté : la progression de ${some(lessons, "leçon", "leçons")}, ${some(scripts, "script", "scripts")}.`,
  reset: "Oublier",
  resetTitle: "Oublier votre progression ?",
  resetHelp:
    "Cette page oublie quelles leçons vous avez résolues, vos points et les indices lus. Vos scripts restent. Exportez d'abord si vous voulez retrouver le reste.",
  resetYes: "Oublier ma progression",
  example: "Un exemple",
  runExample: "Lancer l'exemple",
  task: "À vous",
  check: "Vérifier",
  hint: (number, all) => `Indice ${number} sur ${all}`,
  again: "Recommencer",
  verdict: "Verdict",
  states: {
    checking: "Vérification…",
    stopped: "La vérification a été arrêtée.",
    unloaded: "Le programme à démasquer n'a pas pu être chargé : vérifiez la connexion et réessayez.",
  },
  isSolved: (score) => `Résolu : ${some(score, "point", "points")} sur 100.`,
  outdated: "Votre script a changé depuis la vérification : vérifiez-le de nouveau.",
  notYet: "Pas encore.",
  par: (length, par) =>
    length <= par
      ? `${some(length, "ligne", "lignes")} : on ne connaît pas de script plus court.`
      : `${some(length, "ligne", "lignes")} ; ${par === 1 ? "1 suffit" : `${par} suffisent`}.`,
  parting: (line) => `Ils se séparent à la ligne ${line}`,
  sound: "Le cache sain",
  other: "Celui qui a le bogue",
  learned: "Ce qu'il y avait à apprendre",
  diff: "Le bogue lui-même",
  next: (title) => `Suivante : ${title}`,
};
