import { smoteThenClean } from './smote-then-clean.js';
import { tomekLinks } from './tomek-links.js';

export const smoteTomek = smoteThenClean({
  name: 'smote-tomek',
  summary: 'SMOTE, then the removal of both ends of every Tomek link, synthetic rows included',
  paper:
    'Batista, Bazzan, Monard, "Balancing Training Data for Automated Annotation of Keywords: a Case Study", WOB 2003',
  options: {},
  clean: (_, classes) => tomekLinks(classes),
});
