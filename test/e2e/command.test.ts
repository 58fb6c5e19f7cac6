/** The command line itself: help, exit codes, what goes to which stream. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { help, kebab, parse, type Command } from '../../src/cli/command.js';
import { commands } from '../../src/cli/commands/index.js';
import { version } from '../../src/index.js';
import { writeTable } from './data.js';
import { equipoise, succeed, temporaryFolder } from './equipoise.js';

const dir = temporaryFolder();

describe('the command line', { concurrency: 2 }, () => {
  for (const [name, command] of Object.entries<Command>(commands))
    test(`help of ${name} explains every option and has an example that parses`, () => {
      const text = help(command);
      assert.match(text, new RegExp(`usage: equipoise ${name}\\b`));
      const { flag: choosing = '', of = {}, flags: optional = {} } = command.chosen ?? {};
      for (const flag of [...Object.keys(command.flags), 'json', 'help'])
        if (!(flag in optional)) assert.match(text, new RegExp(`^  --${kebab(flag)}\\b`, 'm'));
      for (const [choice, { options }] of Object.entries(of)) {
        const own = help(command, { [choosing]: choice });
        for (const flag of Object.keys(optional))
          assert.equal(new RegExp(`^  --${kebab(flag)}( |$)`, 'm').test(own), flag in options, `${choice} ${flag}`);
      }
      assert.doesNotMatch(text, /undefined|\[object/);
      const [program, first, ...args] = command.example.split(' ');
      assert.deepEqual([program, first], ['equipoise', name]);
      parse(command, args);
      assert.ok(text.endsWith(`example: ${command.example}`));
    });

  test('without a command, and with --help, it lists the commands on standard output', async () => {
    for (const args of [[], ['--help']]) {
      const { stdout, stderr } = await succeed(dir, ...args);
      for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} +\\S`, 'm'));
      assert.equal(stderr, '');
    }
    const of = await succeed(dir, 'run', '--help');
    assert.match(of.stdout, /example: equipoise run /);
    assert.equal((await succeed(dir, '--version')).stdout, `${version}\n`);
  });

  test('help of a chosen sampler has its own options with its own defaults', async () => {
    // eos looks at ten neighbours, edited nearest neighbours at three.
    const eos = await succeed(dir, 'resample', '--help');
    assert.match(eos.stdout, /--k-neighbors N [^]*?\(default 10\)/);
    assert.doesNotMatch(eos.stdout, /--kind/);
    const edited = await succeed(dir, 'resample', '--sampler', 'edited-nearest-neighbors', '--help');
    assert.match(edited.stdout, /--k-neighbors N [^]*?\(default 3\)[^]*--kind all\|mode/);
    // What only a program can give is no flag.
    assert.equal((await equipoise(dir, 'resample', 'x', '--estimator', 'f')).code, 2);
  });

  test('parts of training take the place of a strategy, and share no options with one', async () => {
    const flags = (...args: string[]) => parse(commands.train, ['store', ...args]).flags;
    assert.deepEqual(flags('--loss', '{"name": "focal", "gamma": 1}', '--head', 'mlp'), {
      loss: { name: 'focal', gamma: 1 },
      head: 'mlp',
    });
    await writeTable(join(dir, 'parts.csv'));
    await succeed(dir, 'embed', 'parts.csv', '--label', 'kind', '--out', 'parts.store');
    const trained = ['train', 'parts.store', '--out', 'parts.onnx', '--epochs', '1', '--json'];
    const { stdout } = await succeed(dir, ...trained, '--sampler', 'smote', '--loss', 'focal', '--head', 'mlp');
    const { settings } = JSON.parse(stdout);
    assert.deepEqual(
      [settings.strategy, settings.sampler.name, settings.loss.name, settings.head.name],
      [undefined, 'smote', 'focal', 'mlp'],
    );
    const mixed = await equipoise(dir, ...trained, '--loss', 'focal', '--gamma', '1');
    assert.equal(mixed.code, 2);
    assert.match(mixed.stderr, /--gamma is one of a strategy/);
  });

  test('with --json an error is one document, too, and the exit code stays', async () => {
    const wrong = await equipoise(dir, 'run', 'nowhere', '--json');
    assert.equal(wrong.code, 1);
    const { ok, code, message } = JSON.parse(wrong.stdout);
    assert.deepEqual([ok, code], [false, 'ERR_DATA']);
    assert.match(message, /nowhere/);
    const unknown = await equipoise(dir, 'run', 'nowhere', '--json', '--epoch', '3');
    assert.equal(unknown.code, 2);
    assert.equal(JSON.parse(unknown.stdout).code, 'ERR_OPTION');
  });

  test('a value on the command line is read as what its option takes', () => {
    const read = (...args: string[]) => parse(commands.run, ['data', ...args]).flags;
    assert.deepEqual(
      read('--epochs', '20', '--learning-rate', 'auto', '--threads', '1', '--baselines', 'ce,smote', '--header', 'no'),
      { epochs: 20, learningRate: 'auto', threads: 1, baselines: ['ce', 'smote'], header: 'no' },
    );
    assert.deepEqual(read('--sampling-strategy', '{"cat": 100}'), { samplingStrategy: { cat: 100 } });
    assert.deepEqual(read('--sampling-strategy', '0.5', '--label', '-1'), { samplingStrategy: 0.5, label: '-1' });
    // Samplers take different things by one name.
    const resample = (...args: string[]) => parse(commands.resample, ['store', ...args]).flags;
    assert.deepEqual(resample('--kind', 'mode'), { kind: 'mode' });
    assert.deepEqual(resample('--kind', '2'), { kind: 2 });
    assert.deepEqual(resample('--sampling-strategy', 'cat,dog'), { samplingStrategy: ['cat', 'dog'] });
    assert.deepEqual(parse(commands.train, ['store', '--standardize', 'no']).flags, { standardize: false });
    assert.deepEqual(parse(commands.compare, ['store', '--seeds', '3,5']).flags, { seeds: [3, 5] });
    for (const [args, words] of [
      [['--seeds', 'many'], /Expected a whole number for --seeds but received "many"/],
      [['--seeds'], /--seeds/],
      [['more'], /Unexpected argument "more" for "equipoise run"\. Usage: equipoise run \[DATA\]/],
      [['--out', ''], /Expected a value for --out but received an empty one/],
    ] as const)
      assert.throws(() => read(...args), { code: 'ERR_OPTION', message: words });
    assert.throws(() => parse(commands.split, []), { code: 'ERR_OPTION', message: /Expected STORE/ });
    // What fits nothing goes to the library as it is, which says what it expected.
    assert.deepEqual(read('--epochs', 'some'), { epochs: 'some' });
  });
});
