import { expect } from 'chai';
import { renderListing } from '../../../../src/cli/listing/index.ts';
import { printInspected } from '../../../../src/cli/listing/inspected.ts';
import { isAppError } from '../../../../src/core/index.ts';

const listing = {
  titles: { Name: 'NAME', Status: 'STATUS', Ports: 'PORTS' },
  table: ['Name', 'Status'],
};
const rows = [
  { Name: 'web', Status: 'Up', Ports: '0.0.0.0:80->80/tcp', Label: (key: unknown) => `<${key}>` },
  { Name: 'a-longer-name', Status: 'Exited', Ports: '', Label: () => '' },
];

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a listing', () => {
  it('is a table without --format', async () => {
    expect(await renderListing(listing, rows, 'table')).to.equal(
      'NAME            STATUS\nweb             Up\na-longer-name   Exited\n',
    );
  });

  it('is one object a line as JSON, keys in order, methods left out', async () => {
    const [first] = (await renderListing(listing, rows, 'json')).split('\n');
    expect(first).to.equal('{"Name":"web","Ports":"0.0.0.0:80-\\u003e80/tcp","Status":"Up"}');
  });

  it('takes a template per row', async () => {
    expect(await renderListing(listing, rows, '{{.Name}}\\t{{.Label "x"}}')).to.equal(
      'web\t<x>\na-longer-name\t\n',
    );
  });

  it('heads the columns of a table template, also through functions and for labels', async () => {
    const format = 'table {{lower .Name}}\\t{{.Label "com.example.stage"}}\\t{{json .Status}}';
    const [head] = (await renderListing(listing, rows, format)).split('\n');
    expect(head?.split(/ +/)).to.deep.equal(['NAME', 'stage', 'STATUS']);
  });

  it('prints the titles also where there are no rows', async () => {
    expect(await renderListing(listing, [], 'table {{.Ports}}')).to.equal('PORTS\n');
  });

  it('says which format has an unknown field', async () => {
    const failure = await failureOf(renderListing(listing, rows, '{{.Nope}}'));
    expect(isAppError(failure, 'CLI_TEMPLATE')).to.equal(true);
    expect((failure as Error).message).to.equal(
      "template parsing error: can't evaluate field Nope",
    );
  });
});

describe('inspect', () => {
  const objects = [{ Id: 'a<b' }, { Id: 'c' }];

  it('prints an indented array, or one line with json', async () => {
    expect(await printInspected(objects, undefined)).to.equal(
      `${JSON.stringify(objects, undefined, 4)}\n`,
    );
    expect(await printInspected(objects, 'json')).to.equal('[{"Id":"a\\u003cb"},{"Id":"c"}]\n');
  });

  it('applies a template to each object', async () => {
    expect(await printInspected(objects, '{{.Id}}')).to.equal('a<b\nc\n');
  });
});
