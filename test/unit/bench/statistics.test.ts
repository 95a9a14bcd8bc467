import { expect } from 'chai';
import { summarize } from '../../../bench/statistics.ts';

describe('summarize', () => {
  it('takes the middle of an odd number of samples, whatever their order', () => {
    expect(summarize([30, 10, 20])).to.deep.equal({ median: 20, min: 10, max: 30, runs: 3 });
  });

  it('takes the mean of the middle two of an even number', () => {
    expect(summarize([4, 1, 2, 10]).median).to.equal(3);
  });

  it('takes a single sample as it is', () => {
    expect(summarize([7])).to.deep.equal({ median: 7, min: 7, max: 7, runs: 1 });
  });
});
