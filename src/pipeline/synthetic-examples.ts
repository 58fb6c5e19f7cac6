/** A few synthetic rows with what they were made of, for people to look at. */

import type { TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import type { Dataset, ItemContent } from '../core/item.js';
import type { ResamplingPlan } from '../core/plan.js';
import { thumbnail } from '../preprocess/index.js';
import type { ParentItem, SyntheticExample } from '../report/index.js';

/** The rarest classes that got rows, and rows of each. */
const shownClasses = 3;
const shownRows = 3;

/** Of a text. */
const shownCharacters = 160;

/** A synthetic row by rows of the training set. */
interface Chosen {
  readonly classId: number;
  readonly base: number;
  readonly other: number;
  readonly step: number | null;
}

/** Rows made from two of the training set, spread over those of their class; copies say nothing about a method and are left out. */
export function chooseExamples({ originalRows, recipes, extra, perClass }: ResamplingPlan): Chosen[] {
  const byClass = new Map<number, Chosen[]>();
  const offer = (chosen: Chosen): void => {
    const { classId, base, other } = chosen;
    if (base === other || base >= originalRows || other >= originalRows) return;
    const offered = byClass.get(classId);
    if (offered) offered.push(chosen);
    else byClass.set(classId, [chosen]);
  };
  recipes.label.forEach((classId, i) =>
    offer({
      classId,
      base: recipes.base[i] as number,
      other: recipes.other[i] as number,
      step: recipes.step[i] as number,
    }),
  );
  extra?.labels.forEach((classId, i) => {
    const [base, other = base] = extra.parents[i] as Int32Array;
    if (base !== undefined && other !== undefined) offer({ classId, base, other, step: null });
  });
  const before = (classId: number): number => perClass[classId]?.before ?? 0;
  return [...byClass]
    .sort(([a], [b]) => before(a) - before(b) || a - b)
    .slice(0, shownClasses)
    .flatMap(([, all]) => {
      const count = Math.min(shownRows, all.length);
      return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as Chosen);
    });
}

async function contentOf(content: ItemContent): Promise<{ image?: string; text?: string }> {
  if (content.kind === 'row') return {};
  if (content.kind === 'text') {
    const { text } = content;
    return { text: text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text };
  }
  try {
    return { image: await thumbnail(content) };
  } catch (error) {
    // It was readable when it was embedded. A report without one picture is better than a run without a report.
    if (error instanceof EquipoiseError && error.code === 'ERR_DATA') return {};
    throw error;
  }
}

/** Reads the parents of some synthetic rows from the dataset. */
export async function syntheticExamples(
  plan: ResamplingPlan,
  train: TrainingSet,
  dataset: Dataset,
): Promise<SyntheticExample[]> {
  const chosen = chooseExamples(plan);
  const parents = new Map<string, ParentItem>();
  for (const row of chosen.flatMap(({ base, other }) => [base, other])) {
    const id = train.ids[row] as string;
    parents.set(id, { id, source: id, label: train.classNames[train.labels[row] as number] as string });
  }
  if (chosen.length > 0)
    for await (const { id, source, content } of dataset) {
      const parent = parents.get(id);
      if (parent) parents.set(id, { ...parent, source, ...(await contentOf(content)) });
    }
  const parent = (row: number): ParentItem => parents.get(train.ids[row] as string) as ParentItem;
  return chosen.map(({ classId, base, other, step }) => ({
    label: train.classNames[classId] as string,
    base: parent(base),
    other: parent(other),
    step,
  }));
}
