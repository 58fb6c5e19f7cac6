/** A list of files, one a line: what `find` and `ls` print, from a file or from standard input. */

import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { EquipoiseError } from '../core/errors.js';
import type { Label } from '../core/item.js';
import { readText } from '../interchange/index.js';
import { defineDatasetFormat } from './format.js';
import { isImageName, sizesOf } from './image-folder.js';
import { labelSeparatorOption, separated, splitLabels } from './labels.js';
import { labelledOption } from './parts.js';

/** The path that means standard input. */
export const standardInput = '-';

interface Listed {
  readonly path: string;
  readonly label: Label;
}

/** Standard input can be read once only, and parts of a job may open the same list. */
let piped: Promise<string> | undefined;

async function readList(path: string): Promise<string> {
  if (path !== standardInput) return (await readText(path)).toString('utf8');
  piped ??= textOf(process.stdin);
  return piped;
}

function parse(text: string, where: string, labelled: boolean, separator: string | undefined): Listed[] {
  const listed: Listed[] = [];
  let tabs: boolean | undefined;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [path = '', label, ...rest] = line.split('\t');
    tabs ??= label !== undefined;
    if (rest.length > 0 || (label !== undefined) !== tabs || path.trim() === '')
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected ${tabs ? 'PATH, a tab and LABEL' : 'PATH'} in line ${i + 1} of ${where}${listed.length > 0 ? ' as in the lines before' : ''} but received ${JSON.stringify(line.slice(0, 80))}`,
      );
    const at = `line ${i + 1} of ${where}`;
    if (labelled && separator !== undefined && label === undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected PATH, a tab and labels with ${JSON.stringify(separator)} between them in ${at} but received ${JSON.stringify(line.slice(0, 80))}`,
      );
    const own = (): Label => {
      if (label === undefined) return basename(dirname(resolve(path)));
      return separator === undefined ? label.trim() || null : splitLabels(label, separator, at);
    };
    listed.push({ path, label: labelled ? own() : null });
  }
  return listed;
}

export const pathList = defineDatasetFormat({
  name: 'path-list',
  summary: 'paths of images, one a line, with a tab and a label or labelled by their folder; - reads standard input',
  layout:
    'a .list, .lst or .txt file with the path of an image a line (PATH, or PATH tab LABEL), or - for standard input',
  options: { labelled: labelledOption, labelSeparator: labelSeparatorOption },
  async detect(path) {
    if (path === standardInput) return true;
    if (!/\.(list|lst|txt)$/i.test(path)) return false;
    const first = (await readFile(path, 'utf8').catch(() => '')).split('\n', 1)[0] ?? '';
    return isImageName((first.split('\t')[0] ?? '').trim());
  },
  async open(path, { labelled, labelSeparator }) {
    const where = path === standardInput ? 'standard input' : path;
    const listed = parse(await readList(path), where, labelled, labelSeparator);
    if (listed.length === 0)
      throw new EquipoiseError('ERR_DATA', `Expected the path of an image a line in ${where} but found none`);
    // A list in a file is read from where it lies, one that is piped from where the program runs.
    const base = path === standardInput ? '.' : dirname(path);
    const paths = listed.map((one) => resolve(base, one.path));
    const sizes = await sizesOf(paths);
    const tabs = labelled && listed.some(({ label, path: one }) => label !== basename(dirname(resolve(one))));
    return {
      name: path === standardInput ? 'standard-input' : basename(path).replace(/\.[^.]+$/, ''),
      modality: 'image',
      count: listed.length,
      item(index) {
        const { path: id, label } = listed[index] as Listed;
        return { id, source: paths[index] as string, label };
      },
      content: (index) => ({ kind: 'image', path: paths[index] as string }),
      identity: (index) => String(sizes[index]),
      notes: labelled
        ? [
            tabs ? 'labels from the list' : "labels from the files' folders",
            ...(labelSeparator === undefined ? [] : [separated(labelSeparator)]),
          ]
        : [],
    };
  },
});
