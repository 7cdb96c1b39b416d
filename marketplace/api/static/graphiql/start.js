// Starts GraphiQL on this server's own endpoint; the API key stays in this page and is forgotten with it.
"use strict";

const FIRST_QUERY = `# An API key above lets you read the schema and what your organisation may see.
# 在上方填入接口密钥，即可查看文档和本主体可见的数据。
{
  clock {
    now
    demo
  }
}
`;

const root = ReactDOM.createRoot(document.getElementById("graphiql"));

function show(key) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const fetcher = GraphiQL.createFetcher({ url: document.body.dataset.endpoint, headers });
  root.render(React.createElement(GraphiQL, { key, fetcher, defaultQuery: FIRST_QUERY, shouldPersistHeaders: false }));
}

document.getElementById("key").addEventListener("submit", (event) => {
  event.preventDefault();
  show(new FormData(event.target).get("key").trim());
});

show("");
