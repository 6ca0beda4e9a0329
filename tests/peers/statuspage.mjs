// Everything that the npm client `statuspage.io` reads of a page, as one JSON document.
import { createRequire } from 'node:module';

const { Statuspage } = createRequire(import.meta.url)('statuspage.io');
const client = new Statuspage('tocsin');
client.setApiUrl(process.argv[2]);
const { api } = client;
console.log(JSON.stringify({
  summary: await api.getSummary(),
  status: await api.getStatus(),
  components: await api.getComponents(),
  incidents: await api.incidents.getAll(),
  unresolved: await api.incidents.getUnresolved(),
  // The client asks for the upcoming ones by all three of its names.
  maintenances: await api.scheduledMaintenances.getUpcoming(),
}));
