import { EquipoiseError } from '../core/errors.js';
import { custom } from '../core/options.js';
import { defineCalibration } from './calibration.js';

function isShares(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((share) => Number.isFinite(share) && share > 0);
}

const normalized = (shares: ArrayLike<number>): number[] => {
  const values = Array.from(shares);
  const total = values.reduce((sum, share) => sum + share, 0);
  return values.map((share) => share / total);
};

/** p'(c) ∝ p(c) · target_c / train_c: what Bayes' rule makes of probabilities when class shares change and classes do not. */
export const priorShift = defineCalibration({
  name: 'prior-shift',
  summary:
    'from the class shares that training was about, after resampling and class weights, to those of the place of use; needs no rows',
  paper:
    'Saerens, Latinne, Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple Procedure", Neural Computation 14 (2002)',
  options: {
    targetPrior: custom<'original' | 'uniform' | readonly number[]>({
      accepts: "'original', 'uniform', or one number > 0 a class",
      default: 'original',
      help: 'class shares where the classifier is used; original: those of the training rows before resampling; uniform: all alike; wrong shares: worse probabilities than none',
      check: (value) => value === 'original' || value === 'uniform' || isShares(value),
    }),
    trainPrior: custom<'effective' | readonly number[]>({
      accepts: "'effective', or one number > 0 a class",
      default: 'effective',
      help: 'class shares that training was about; effective: as counted in training, where the loss allows it',
      check: (value) => value === 'effective' || isShares(value),
    }),
  },
  needsRows: false,
  fit({ options: { targetPrior, trainPrior }, classNames, classCounts, effectivePrior }) {
    const shares = (what: string, given: ArrayLike<number> | undefined, otherwise: string): number[] => {
      if (given === undefined) throw new EquipoiseError('ERR_OPTION', otherwise);
      if (given.length !== classNames.length)
        throw new EquipoiseError(
          'ERR_SHAPE',
          `prior-shift.${what} has ${given.length} entries but there are ${classNames.length} classes`,
        );
      const empty = classNames.filter((_, c) => !((given[c] as number) > 0));
      if (empty.length > 0)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected a share above 0 of every class for prior-shift.${what} but there is none of ${empty.join(', ')}: its probability means nothing. Leave the class out of the training set`,
        );
      return normalized(given);
    };
    const train = shares(
      'trainPrior',
      trainPrior === 'effective' ? effectivePrior : trainPrior,
      'prior-shift does not know the class shares that this training was about: its loss, or a step of its own, does not tell. Give trainPrior, or use bias-corrected-temperature, which learns them from held-out rows',
    );
    const target = shares(
      'targetPrior',
      targetPrior === 'original' ? classCounts : targetPrior === 'uniform' ? classNames.map(() => 1) : targetPrior,
      'prior-shift does not know the class counts of the training rows. Give targetPrior',
    );
    return {
      shift: target.map((share, c) => Math.log(share / (train[c] as number))),
      found: { train, target },
    };
  },
});
