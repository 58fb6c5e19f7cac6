/** The command as a user calls it: a process of its own, in a folder of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const program = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
export const fixtures = fileURLToPath(new URL('../../../test/fixtures/models/', import.meta.url));

export interface Outcome {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** A folder that is removed when the tests of the file are over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-e2e-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function start(cwd: string, args: readonly string[], input = ''): Started {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Whatever backbones the user of this machine has fetched are no matter of the tests.
    env: { ...process.env, EQUIPOISE_MODELS: join(cwd, 'models') },
  });
  // A program that reads nothing may be gone before its input is written.
  child.stdin.on('error', () => {}).end(input);
  const read = (stream: NodeJS.ReadableStream) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    return () => text;
  };
  const stdout = read(child.stdout);
  const stderr = read(child.stderr);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
  });
  return { child, outcome };
}

/** `equipoise ARGS` in a folder, to its end. */
export function equipoise(cwd: string, ...args: string[]): Promise<Outcome> {
  return start(cwd, args).outcome;
}

/** The same, for calls that must succeed. @throws with what was printed. */
export async function succeed(cwd: string, ...args: string[]): Promise<Outcome> {
  const outcome = await equipoise(cwd, ...args);
  if (outcome.code !== 0)
    throw new Error(`equipoise ${args.join(' ')} ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

/** With --json: what the one document on standard output says. */
export async function asked(cwd: string, ...args: string[]): Promise<Record<string, any>> {
  const { stdout } = await succeed(cwd, ...args, '--json');
  return JSON.parse(stdout) as Record<string, any>;
}

/** `predict` prints a line of JSON an item. */
export function jsonLines(stdout: string): Record<string, any>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, any>);
}
