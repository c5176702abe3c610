"""Tests, intervals and curves: numbers in, numbers out, nothing of the study.

The modules name their sources by authors:

* Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains based on censored observations.
  Scand J Stat 1978;5:141-150.
* Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 1995;57:289-300.
* Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and Spearman correlations.
  Psychometrika 2000;65:23-28.
* Brookmeyer R, Crowley J. A confidence interval for the median survival time. Biometrics 1982;38:29-41.
* Buehler RJ. Confidence intervals for the product of two binomial parameters. J Am Stat Assoc 1957;52:482-493.
* Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the binomial.
  Biometrika 1934;26:404-413.
* Daniels HE. Tail probability approximations. Int Stat Rev 1987;55:37-48.
* Dixon WJ, Mood AM. The statistical sign test. J Am Stat Assoc 1946;41:557-566.
* Freeman GH, Halton JH. Note on an exact treatment of contingency, goodness of fit and other problems of significance.
  Biometrika 1951;38:141-149.
* Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.
* Kabaila P, Lloyd CJ. Tight upper confidence limits from discrete data. Aust J Stat 1997;39:193-204.
* Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958;53:457-481.
* Kerby DS. The simple difference formula. Compr Psychol 2014;3:1.
* Lloyd CJ, Moldovan MV. Exact one-sided confidence limits for the difference between two correlated proportions.
  Stat Med 2007;26:3369-3384.
* Lugannani R, Rice S. Saddle point approximation for the distribution of the sum of independent random variables.
  Adv Appl Probab 1980;12:475-490.
* Mann HB, Whitney DR. On a test of whether one of two random variables is stochastically larger than the other.
  Ann Math Stat 1947;18:50-60.
* Newcombe RG. Interval estimation for the difference between independent proportions: comparison of eleven methods.
  Stat Med 1998;17:873-890. Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part
  2: asymptotic methods and evaluation. Stat Med 2006;25:559-573.
* Phipson B, Smyth GK. Permutation p-values should never be zero. Stat Appl Genet Mol Biol 2010;9:39.
* Pratt JW. Remarks on zeros and ties in the Wilcoxon signed rank procedures. J Am Stat Assoc 1959;54:655-667.
* Streitberg B, Röhmel J. Exact distributions for permutation and rank tests. Stat Softw Newsl 1986;12:10-17.
* Westfall PH, Young SS. Resampling-based multiple testing. New York: Wiley, 1993.
* Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc 1927;22:209-212.
"""
