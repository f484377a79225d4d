import { groups, races, restart, shared, vectors } from "./src/suite.js";

export { Clock, FakeXoxzo, document } from "./src/fake.js";
export const suite = { groups, races, restart, shared, vectors };
