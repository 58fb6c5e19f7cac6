#!/usr/bin/env node
/** argv → command → exit code: 0 the work is done, 2 a wrong option, 1 everything else. */

import { EquipoiseError, nearNames, version } from '../index.js';
import { commands } from './commands/index.js';
import { Finding, help, parse, type Command, type Context } from './command.js';
import { createProgressBar } from './progress-bar.js';

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  return [
    `equipoise ${version}: a long-tailed dataset and a pretrained network in, a good classifier out`,
    '',
    'usage: equipoise COMMAND [options]',
    '',
    ...Object.values(commands).map((command) => `  ${command.name.padEnd(width)}${command.summary}`),
    '',
    'equipoise COMMAND --help tells the options of one. Start with: equipoise demo',
  ].join('\n');
}

function find(name: string): Command {
  if (Object.hasOwn(commands, name)) return commands[name as keyof typeof commands];
  const near = nearNames(name, Object.keys(commands))[0];
  throw new EquipoiseError(
    'ERR_OPTION',
    `Unknown command ${JSON.stringify(name)}.${near ? ` Did you mean ${near}?` : ''} Known commands: ${Object.keys(commands).join(', ')}`,
  );
}

async function main(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const about = name === 'help' ? rest[0] : undefined;
    process.stdout.write(`${about === undefined ? overview() : help(find(about))}\n`);
    return;
  }
  if (name === '--version') {
    process.stdout.write(`${version}\n`);
    return;
  }
  const command = find(name);
  const { positionals, flags } = parse(command, rest);
  if (flags['help'] === true) {
    process.stdout.write(`${help(command, flags)}\n`);
    return;
  }
  const json = flags['json'] === true;
  const stop = new AbortController();
  const bar = createProgressBar(process.stderr);
  const onSignal = (signal: NodeJS.Signals) => {
    // The first signal asks for a clean stop that leaves a resumable state; the second gets the default treatment.
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
    process.stderr.write(`\nstopping (${signal}) …\n`);
    stop.abort(new Error(signal));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const context: Context = {
    json,
    signal: stop.signal,
    onProgress: bar.onProgress,
    say: (line) => {
      bar.clear();
      if (!json) process.stderr.write(`${line}\n`);
    },
    print: (line) => {
      bar.clear();
      if (!json) process.stdout.write(`${line}\n`);
    },
  };
  try {
    const result = await command.run(positionals, flags, context);
    bar.clear();
    if (json && result !== undefined) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    bar.clear();
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
}

// A reader that closes early (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = error instanceof EquipoiseError && error.code === 'ERR_OPTION' ? 2 : 1;
  const known = error instanceof EquipoiseError;
  const debug = process.env['EQUIPOISE_DEBUG'] !== undefined;
  if (process.argv.includes('--json')) {
    const { code, message } = known ? error : { code: 'ERR_UNEXPECTED', message: String(error) };
    const result = error instanceof Finding ? { result: error.result } : {};
    process.stdout.write(`${JSON.stringify({ ok: false, code, message, ...result })}\n`);
  }
  process.stderr.write(
    known && !debug ? `error ${error.code}: ${error.message}\n` : `error: ${(error as Error)?.stack ?? error}\n`,
  );
}
