"""What do printed numbers determine? Exact bounds over all people who fit; knows nothing of this study.

The way through it::

    from compendium.bounds.people import Attribute, People
    from compendium.bounds import statements
    from compendium.bounds.answers import Bounds

    sex, response = Attribute("sex", ("male", "female")), Attribute("response", ("yes", "no"))
    people = People(55, (sex, response), (
        statements.counted("men", {"sex": "male"}, 16),
        statements.share("responders", {"response": "yes"}, "78.2", of=55),
    ))
    answer = Bounds(people).count({"sex": "male"}, within={"response": "yes"})
    answer.verdict, answer.low, answer.high    # bounded, 4, 16
    answer.low_witness                         # 55 people, a row each, with 4 men among the responders

`people` holds what is asked about: `Attribute`, `Statement`, `People` (pure data). A cell is a mapping of attributes to
a value or several; {} is everyone. A statement has a name, a layer (P printed, R a reading, L plausible) and limits of
sums of counts, of which one of several ways holds; `People.without(layers="L")` leaves layers out.

`statements` makes them: `counted`, `at_least`, `share` (a percentage, of a number or of a cell), `mean`, `deviation`
(with its mean), `median`, `smallest`, `largest`, `implies` and `never` (definitions), `added_up`, `linear`; and the
sums to ask for: `total` (of a whole-number attribute) and `several` (people in at least k of some cells).

`answers` answers: `Bounds(people)` (a `ContradictionError` names the fewest statements that cannot hold together), its
`count`, `table` (all cells of a cross table), `of` (any sum) and `connected`; an `Answer` has `low`, `high`, `exact`,
`verdict` (fixed, bounded or open), `low_witness`, `high_witness`, `rests_on`, `layers`, `checked` and `note`. With
``smallest=True`` it rests on a smallest set of statements. `frechet` is what two margins alone leave.

`ensembles` makes other people who fit (`sample`, `one_of`), `summaries` counts sets of answers with a printed mean and
deviation. `of_claims`, `conditions` and `questions` do it for the files of any paper (``python -m compendium.bounds``);
`questions.facts` lists counts that follow and are stated nowhere.

Below it are `cliques` (the junction tree and gluing), `programme` (the whole numbers and their rows), `solvers` and
`needed` (the fewest statements that contradict, or prove an end). Only `ensembles` draws.
"""
