"""Words so common, in English and German, that in a question they only add noise. Knows no query."""

# In lower case, with a plain apostrophe. The German war, hat and man are missing: they are nouns in English.
STOP_WORDS = frozenset(
    """
    a about after again all also am among an and any anyone anything are as at be because been before being between
    both but by can can't cannot could did do does doing done during each either else ever every everyone everything
    few for from further had has have having he her here hers herself him himself his how however i if in into is it
    its itself just let let's many me might more most much must my myself neither no nor not now of off on once
    only or other others our ours ourselves out over own rather same shall shan't she should since so some someone
    something such than that the their theirs them themselves then there these they this those through to too under
    until up upon us very was we were what whatever when where whether which while who whom whose why will with within
    without won't would yet you your yours yourself
    aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bis bist da dabei damit
    dann daran darauf darüber das dass davon dazu dein deine dem den denn der des dessen dich die dies diese diesem
    diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas euch euer für gegen habe haben
    hatte hatten hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes
    jetzt kann kein keine keinen können könnte mein meine meinen mich mir mit muss müssen nach nicht nichts noch
    nur ob oder ohne schon sehr sein seine seinem seinen seiner seit sich sie sind so soll sollen sollte sollten
    sondern über um und uns unser unsere unseren unter vom von vor waren warum was weil welche welchem welchen
    welcher welches wenn wer werde werden wem wen wie wieder wieso will wir wird wo wollen worden wurde wurden würde
    würden zu zum zur zwischen
    """.split()  # noqa: SIM905 - one word a line would be hundreds of lines
)
# Words that ask, rather than name what is asked for: nobody summarizes a discussion in the words "summarize" and
# "discussion". And those that only carry a sentence along: verbs such as "get" and "make", fillers such as "actually".
ASKING = frozenset(
    """
    summarize summarise summary discuss discussed discussing discussion talk talked talking said say says saying think
    thinks thought tell told mention mentioned opinion opinions conclude describe explain conversation meeting group
    team people participants happened
    actually really quite simply come came comes coming get gets got getting go goes going went gone make makes made
    making take takes took taken give gives gave given want wants wanted need needs needed know knows knew known like
    likes liked way ways thing things lot lots bit call called calls calling seem seems seemed let lets put keep kept
    besprochen besprechen besprechung gesprochen gesagt sagen sagt sagte diskutiert erwähnt erklärt gemeint meinung
    erzählt zusammenfassung zusammenfassen passiert
    eigentlich wirklich einfach eben mal gar ganz viel viele machen macht machte gemacht gehen geht ging gegangen kommen
    kommt kam gekommen geben gibt gab gegeben nehmen nimmt nahm genommen wissen weiß wusste heißt hieß genannt
    """.split()  # noqa: SIM905
)
_ENDINGS = ("'s", "'re", "'ve", "'ll", "'d", "'m", "n't")


def is_stop_word(word: str) -> bool:
    """Whether the word is one, in any case; what's, we've and didn't are, with either apostrophe."""
    plain = word.casefold().replace("’", "'")
    if plain in STOP_WORDS or plain in ASKING:
        return True
    bare = next((plain.removesuffix(ending) for ending in _ENDINGS if plain.endswith(ending)), "")
    return bare in STOP_WORDS or bare in ASKING
